"""A local page over a folder of studies: read-only, for one's own browser. The only folder that imports Starlette."""
