"""What customers ask for, and what product teams are asked: quotes, orders, resources, checkout, provisioning."""
