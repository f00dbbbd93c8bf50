"""What happens to resources: states and time only. Money is the business of the apps above."""
