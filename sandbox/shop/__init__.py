"""Three demo products whose teams use the portal as any product team does: its public API and its webhooks."""

PRODUCTS = {"vserver": "vServer", "vstorage": "vStorage", "vmonitor": "vMonitor"}
