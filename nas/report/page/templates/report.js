"use strict";
// The page is whole without this: charts and cards are in it. What follows switches axes and shows cards.
(() => {
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const plot = find(".plot"), area = find(".area", plot), tip = find(".tip", plot);
  const slots = { a: find("#slot-a"), b: find("#slot-b") };
  const axes = { x: find("#axis-x"), y: find("#axis-y"), z: find("#axis-z") };

  const showAxes = (changed) => {
    if (axes.x.value === axes.y.value) {
      const other = changed === "x" ? "y" : "x";
      axes[other].value = plot.dataset[changed]; // the two swap places
    }
    const { value: x } = axes.x, { value: y } = axes.y;
    Object.assign(plot.dataset, { x, y, z: axes.z ? axes.z.value : "" });
    all("[data-up]", plot).forEach((one) => { one.hidden = one.dataset.up !== y; });
    all("[data-across]", plot).forEach((one) => { one.hidden = one.dataset.across !== x; });
    all("[data-pair]", plot).forEach((one) => { one.toggleAttribute("hidden", one.dataset.pair !== `${x}-${y}`); });
  };

  const points = all(".point", plot);
  const reachable = () => points.filter((one) => one.offsetParent !== null).sort((one, two) => one.offsetLeft - two.offsetLeft);
  const enter = (point) => {
    points.forEach((one) => { one.tabIndex = one === point ? 0 : -1; });
  };

  const showTip = (point) => {
    const [name, values] = point.getAttribute("aria-label").split(/: (.*)/s);
    const title = document.createElement("b");
    title.textContent = name;
    tip.replaceChildren(title, ...values.split(", ").flatMap((line) => [document.createTextNode(line), document.createElement("br")]));
    tip.hidden = false;
    const left = point.offsetLeft + 16, above = point.offsetTop - tip.offsetHeight - 18;
    tip.style.left = `${Math.max(0, Math.min(left, area.clientWidth - tip.offsetWidth))}px`;
    tip.style.top = `${above > -20 ? above : point.offsetTop + 18}px`;
  };
  const hideTip = () => { tip.hidden = true; };

  const cards = new Map(all(".card").map((card) => [card.id.slice("trial-".length), card]));
  const showCards = () => {
    const { value: a } = slots.a, { value: b } = slots.b;
    cards.forEach((card, trial) => {
      card.hidden = trial !== a && trial !== b;
      card.classList.toggle("beside", trial === b && trial !== a);
    });
    points.forEach((point) => {
      point.classList.toggle("chosen", point.dataset.trial === a);
      point.classList.toggle("beside", point.dataset.trial === b && a !== b);
      point.setAttribute("aria-pressed", String([a, b].includes(point.dataset.trial)));
    });
    find("#hint").hidden = a !== "";
    find("#status").textContent = a && `Showing trial ${a}${b && b !== a ? ` beside trial ${b}` : ""}`;
  };
  const compare = find("#compare");
  const choose = (trial, beside) => {
    const slot = (beside || compare.checked) && slots.a.value && slots.a.value !== trial ? "b" : "a";
    slots[slot].value = trial;
    if (slot === "a" && slots.b.value === trial) slots.b.value = "";
    compare.checked = false;
    showCards();
  };

  points.forEach((point) => {
    point.addEventListener("click", (event) => { enter(point); choose(point.dataset.trial, event.shiftKey); });
    point.addEventListener("pointerenter", () => showTip(point));
    point.addEventListener("pointerleave", hideTip);
    point.addEventListener("focus", () => showTip(point));
    point.addEventListener("blur", hideTip);
  });
  area.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Escape") hideTip();
    if (step === undefined) return;
    event.preventDefault();
    const order = reachable(), here = order.indexOf(document.activeElement);
    const next = order[Math.max(0, Math.min(order.length - 1, here + step))];
    enter(next);
    next.focus();
  });
  all(".pick").forEach((button) => button.addEventListener("click", (event) => {
    choose(button.dataset.trial, event.shiftKey);
    const card = cards.get(button.dataset.trial);
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }));

  ["x", "y", "z"].forEach((name) => axes[name]?.addEventListener("change", () => showAxes(name)));
  ["a", "b"].forEach((name) => slots[name].addEventListener("change", showCards));
  find("#show-others").addEventListener("change", (event) => plot.classList.toggle("no-others", !event.target.checked));
  find("#show-joins").addEventListener("change", (event) => plot.classList.toggle("no-noise", !event.target.checked));

  all(".copy").forEach((button) => {
    button.hidden = false;
    button.setAttribute("aria-label", `Copy: ${button.dataset.copy}`);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = "Copied";
      } catch { // no clipboard: select the words instead
        getSelection().selectAllChildren(button.previousElementSibling);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  });

  const first = points.filter((one) => one.classList.contains("front"))[0] ?? points[0];
  if (first) enter(first);
  const best = find(".choice.first .pick");
  if (best) choose(best.dataset.trial, false);
})();
