"""pytest's plugin that sends moto's own tests to the local organization.

moto's server mode already sends a test's clients to an endpoint and resets it between tests. Here a reset is a fresh
organization with an administrator's key, and what a test creates with an operation that does not exist there (a bucket,
a queue) is asked of $CONTROL, as a deployment would have made it. $RESULTS gets what became of each test: its outcome,
the operations that were answered NotImplemented, and the last line of what failed.
"""
import json
import os
import urllib.error
import urllib.request

os.environ["TEST_SERVER_MODE"] = "true"
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"

import botocore.awsrequest
import botocore.session
from moto.core import models

CONTROL = os.environ["CONTROL"]
results = {}
missing = set()


def ask(path, wish=None):
    body = json.dumps(wish or {}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{CONTROL}/{path}", data=body)) as answer:
        return json.load(answer)


def reset(self):
    fresh = ask("reset")
    models.ServerModeMockAWS._endpoint = fresh["endpoint"]
    keys = {"AWS_ACCESS_KEY_ID": fresh["accessKeyId"], "AWS_SECRET_ACCESS_KEY": fresh["secretAccessKey"]}
    os.environ.update(keys)
    models.ServerModeMockAWS._keys = keys


start = models.ServerModeMockAWS.start


def start_with_its_key(self, reset=True):
    start(self, reset)
    os.environ.update(getattr(models.ServerModeMockAWS, "_keys", {}))


models.ServerModeMockAWS.reset = reset
models.ServerModeMockAWS.start = start_with_its_key
models.ServerModeMockAWS._test_server_mode_endpoint = property(
    lambda self: getattr(models.ServerModeMockAWS, "_endpoint", "http://127.0.0.1:9"), lambda self, value: None
)


def only(params, *names):
    return all(name in names for name in params)


def bucket(params, region):
    place = params.get("CreateBucketConfiguration", {})
    if only(params, "Bucket", "CreateBucketConfiguration") and only(place, "LocationConstraint"):
        return {"kind": "bucket", "name": params["Bucket"], "region": place.get("LocationConstraint", region)}, lambda _: {
            "Location": f"/{params['Bucket']}"
        }


def queue(params, region):
    attributes = params.get("Attributes", {})
    if only(params, "QueueName", "Attributes") and only(attributes, "VisibilityTimeout"):
        wish = {"kind": "queue", "name": params["QueueName"], "region": region}
        return {**wish, **({"visibility": attributes["VisibilityTimeout"]} if attributes else {})}, lambda url: {"QueueUrl": url}


def topic(params, region):
    if only(params, "Name"):
        return {"kind": "topic", "name": params["Name"], "region": region}, lambda arn: {"TopicArn": arn}


def subscription(params, region):
    attributes = params.get("Attributes", {})
    known = only(params, "TopicArn", "Protocol", "Endpoint", "Attributes", "ReturnSubscriptionArn")
    if known and only(attributes, "FilterPolicy"):
        wish = {"kind": "subscription", "topic": params["TopicArn"], "protocol": params["Protocol"], "region": region}
        return {**wish, "endpoint": params.get("Endpoint"), **({"filter": attributes["FilterPolicy"]} if attributes else {})}, lambda arn: {
            "SubscriptionArn": arn
        }


def role(params, region):
    if only(params, "RoleName", "AssumeRolePolicyDocument", "Path"):
        wish = {"kind": "role", "name": params["RoleName"], "trust": params["AssumeRolePolicyDocument"], "region": region}
        return {**wish, **({"path": params["Path"]} if "Path" in params else {})}, lambda arn: {
            "Role": {"Arn": arn, "RoleName": params["RoleName"]}
        }


def identity(name):
    return lambda params, region: ({"kind": "identity", "name": params[name], "region": region}, lambda _: {})


def configuration_set(params, region):
    wish = {"kind": "configuration set", "name": params["ConfigurationSet"]["Name"], "region": region}
    return wish, lambda _: {}


PREPARED = {
    "s3.CreateBucket": bucket,
    "sqs.CreateQueue": queue,
    "sns.CreateTopic": topic,
    "sns.Subscribe": subscription,
    "iam.CreateRole": role,
    "ses.VerifyEmailAddress": identity("EmailAddress"),
    "ses.VerifyDomainIdentity": identity("Domain"),
    "ses.CreateConfigurationSet": configuration_set,
}
# Tests clean up with these, which change nothing that another test sees.
CLEANING = {"s3.DeleteBucket", "sqs.DeleteQueue", "sns.DeleteTopic"}
create_client = botocore.session.Session.create_client


def prepared(name, client, context):
    operation = PREPARED.get(name)
    if name in CLEANING:
        return {}
    wish = operation and operation(context["params"], client.meta.region_name)
    if not wish:
        return None
    try:
        return wish[1](ask("make", wish[0])["made"])
    except urllib.error.HTTPError:
        return None


def create_observed(self, *args, **kwargs):
    client = create_client(self, *args, **kwargs)
    events = client.meta.events

    def remember(params, model, context, **_):
        context["params"] = params

    def answer(model, context, **_):
        made = prepared(f"{model.service_model.service_name}.{model.name}", client, context)
        if made is not None:
            response = botocore.awsrequest.AWSResponse(client.meta.endpoint_url, 200, {}, None)
            return response, {**made, "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}}}

    def observe(http_response, model, context, **_):
        if http_response.status_code == 501:
            missing.add(f"{model.service_model.service_name}:{model.name}")

    def confirm(http_response, model, context, **_):
        if http_response.status_code == 200 and model.name == "VerifyEmailIdentity":
            ask("make", identity("EmailAddress")(context["params"], client.meta.region_name)[0])

    events.register("provide-client-params", remember)
    events.register_first("before-call", answer)
    events.register("after-call", observe)
    events.register("after-call.ses.VerifyEmailIdentity", confirm)
    return client


botocore.session.Session.create_client = create_observed


def pytest_runtest_logstart(nodeid):
    missing.clear()


def pytest_runtest_logreport(report):
    known = results.setdefault(report.nodeid, {"outcome": "passed"})
    if report.outcome != "passed":
        text = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr).strip()
        lines = [line for line in text.splitlines() if line.startswith("E ")] or text.splitlines()
        known.update(outcome=report.outcome, said=lines[0][:300] if lines else "")
    if missing:
        known["missing"] = sorted({*known.get("missing", []), *missing})


def pytest_sessionfinish():
    with open(os.environ["RESULTS"], "w") as file:
        json.dump(results, file, indent=1, sort_keys=True)
