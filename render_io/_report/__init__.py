"""Pages and plots of `report`."""
