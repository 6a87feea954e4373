"""Takes the place of a library that is not needed, in the processes that Ray starts; see the fixture `light_ray`."""

raise ImportError("not needed here")
