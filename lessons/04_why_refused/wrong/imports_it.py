"""Right in part, and not written: the inspector is asked which rules the request breaks."""

from inspector.core.heads import parse_head
from inspector.core.rules.request import request_findings

CAUSES = {
    "req-method-not-get": "not-get",
    "req-upgrade-missing": "no-upgrade",
    "req-connection-no-upgrade": "no-upgrade",
    "req-version-missing": "wrong-version",
    "req-version-not-13": "wrong-version",
    "req-key-missing": "no-key",
    "req-key-bad-base64": "no-key",
    "req-key-wrong-length": "no-key",
}


def diagnose(request):
    found = {each.rule.id for each in request_findings(parse_head(request))}
    return next((cause for rule, cause in CAUSES.items() if rule in found), "none")
