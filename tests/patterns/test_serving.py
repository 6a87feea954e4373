"""What several targets can all represent."""

from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.serving import ServingRules, common_rules

RULES = st.builds(ServingRules, first_tokens=st.booleans(), heads_differ=st.booleans(), sizes_differ=st.booleans())


def test_the_strictest_of_each_rule_holds():
    one = ServingRules(first_tokens=True, sizes_differ=True)
    other = ServingRules(first_tokens=True, heads_differ=True, least_full=2)
    assert common_rules([one, other]) == ServingRules(first_tokens=True, least_full=2)


@given(RULES, RULES)
def test_the_order_and_repetition_of_targets_do_not_matter(one, other):
    assert common_rules([one, other]) == common_rules([other, one, other])
    assert common_rules([one]) == one
