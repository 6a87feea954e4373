"""What a study yields, as frozen values: nothing here runs, trains or asks."""
