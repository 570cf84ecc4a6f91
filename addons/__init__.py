"""The tap: mitmproxy addons that record what crosses a WebSocket connection, byte for byte.

    websocket_tap   the addon; works alone, too: mitmdump -s addons/websocket_tap.py
    relay           its layers, which carry the bytes
    fallback        for what comes too late to be carried by them
    command         `ws101 proxy` and `ws101 addon`: what the user typed
    plan, session   one run of the proxy: what it was told, and how it does it
    aside           the processes beside the proxy that show and pass on the growing capture

Nothing is decoded here: whoever wants frames reads the capture.
"""
