"""The study: what is asked, who trains it, what is kept, and the front that comes out."""
