"""MiniStack with some of its gaps closed, so that the deployed proof is held to what AWS does.

1. Sources that begin with "aws." are refused on the bus, as by AWS; but the services that this script speaks for
   (AWS Health, Secrets Manager) are AWS's own, so the owner of the account may put their events there.
2. Policies are enforced, but three condition keys that the stack's policies use are not filled in.
3. A refusal is told to the caller alone; here it is also written to the log, for the script to see.
4. Queue messages that were handled leave no trace in its state; here every request to a service is kept in REQUESTS_FILE,
   for the script to search. Those to KMS are not: values are sent there, and nowhere else.
5. Where it may, it would also listen on port 443.
6. For policies every schedule lies in the group "default", whatever group the request names.
"""

import json
import logging
import os

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.services import eventbridge

requests = open(os.environ["REQUESTS_FILE"], "ab", buffering=0)
logger = logging.getLogger("refusals")
put_events = eventbridge._put_events
request_tag_context = iam_actions.request_tag_context
enforce = iam_evaluator.enforce
extract_resource_arn = iam_actions.extract_resource_arn


def put_events_of_aws(data, allow_aws_source=True):
    return put_events(data, allow_aws_source=True)


def request_context(service, iam_action, body, params):
    """What conditions can ask about a request: its tags, as before, and what KMS, DynamoDB and EventBridge add to them."""
    context = request_tag_context(service, iam_action, body, params)
    if service != "kms":
        requests.write(f"{iam_action} ".encode() + (body or b"") + b"\n")
    if service == "kms":
        given = json.loads(body or b"{}").get("EncryptionContext") or {}
        context["kms:EncryptionContextKeys"] = list(given)
        context.update({f"kms:EncryptionContext:{key}": value for key, value in given.items()})
    if service == "dynamodb":
        asked = json.loads(body or b"{}")
        leading = (asked.get("Key") or asked.get("Item") or {}).get("pk", {}).get("S")
        if leading is not None:
            context["dynamodb:LeadingKeys"] = [leading]
    if iam_action == "events:PutEvents":
        sources = sorted({entry.get("Source", "") for entry in json.loads(body or b"{}").get("Entries", [])})
        context["events:source"] = sources[0] if len(sources) == 1 else sources
    return context


def enforce_and_tell(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
    refusal = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
    if isinstance(refusal, iam_evaluator.EvalResult):
        logger.warning("refused %s %s on %s", refusal.principal_arn, iam_action, resource_arn)
    return refusal


def resource_of_request(service, method, path, headers, body, params, region, account_id):
    """The resource that a policy is held against: a schedule's with its own group."""
    arn = extract_resource_arn(service, method, path, headers, body, params, region, account_id)
    if service == "scheduler" and ":schedule/default/" in arn:
        group = (params or {}).get("groupName") or json.loads(body or b"{}").get("GroupName")
        if isinstance(group, list):
            group = group[0]
        if group:
            arn = arn.replace(":schedule/default/", f":schedule/{group}/")
    return arn


eventbridge._put_events = put_events_of_aws
iam_actions.request_tag_context = request_context
iam_evaluator.enforce = enforce_and_tell
iam_actions.extract_resource_arn = resource_of_request
app._port_is_bindable = lambda *_: False

app.main()
