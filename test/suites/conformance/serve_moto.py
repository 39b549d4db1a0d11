"""moto's server on $MOTO_PORT, with Lambda invocations forwarded to $LAMBDA_HOST, by the function's ARN.

moto runs functions in Docker. Its unique ids have small letters, which AWS's never have, and the product refuses to
believe in its ledger. Three more things would hide what the suite looks for: a failed step does not abort its
rotation, RotateSecret knows no ScheduleExpression and so leaves the rotation disabled, and the page that shows sent mail
fails on models of other services.
"""
import json
import os
import re
import sys

import requests
from moto.awslambda import models
from moto.iam import models as iam_models
from moto.moto_api._internal.responses import MotoAPIResponse
from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend
from moto.server import main
from moto.ses.models import ses_backends

LAMBDA_HOST = os.environ["LAMBDA_HOST"]
STEP_TIMEOUT_SECONDS = 300


def invoke(self, function_name, qualifier, body, headers, response_headers):
    function = self.get_function(function_name, qualifier)
    answer = requests.post(
        f"{LAMBDA_HOST}/2015-03-31/functions/{function.function_arn}/invocations",
        data=body or "{}",
        timeout=STEP_TIMEOUT_SECONDS,
    )
    error = answer.headers.get("x-amz-function-error")
    if error:
        response_headers["x-amz-function-error"] = error
        if sys._getframe(1).f_code.co_name == "rotate_secret":
            raise InvalidRequestException(f"rotation step failed: {answer.text[:200]}")
    return answer.content


rotate_secret = SecretsManagerBackend.rotate_secret
to_dict = FakeSecret.to_dict


def rotate_on_schedule(self, secret_id, client_request_token=None, rotation_lambda_arn=None, rotation_rules=None, rotate_immediately=True):
    schedule = (rotation_rules or {}).get("ScheduleExpression")
    days = re.fullmatch(r"rate\((\d+) days?\)", schedule or "")
    if days and self._is_valid_identifier(secret_id):
        rotation_rules = {"AutomaticallyAfterDays": int(days[1])}
        self.secrets[secret_id].schedule_expression = schedule
    return rotate_secret(self, secret_id, client_request_token, rotation_lambda_arn, rotation_rules, rotate_immediately)


def with_schedule(self):
    described = to_dict(self)
    schedule = getattr(self, "schedule_expression", None)
    if schedule and "RotationRules" in described:
        described["RotationRules"] = {"ScheduleExpression": schedule}
    return described


def sent_mail(self, request, full_url, headers):
    messages = [vars(message) for backends in ses_backends.values() for backend in backends.values() for message in backend.sent_messages]
    return 200, {"Content-Type": "application/json"}, json.dumps({"ses": {"Message": messages}}, default=str)


random_resource_id = iam_models.random_resource_id
iam_models.random_resource_id = lambda size=20: random_resource_id(size).upper()
models.LambdaBackend.invoke = invoke
MotoAPIResponse.model_data = sent_mail
SecretsManagerBackend.rotate_secret = rotate_on_schedule
FakeSecret.to_dict = with_schedule
main(["-p", os.environ["MOTO_PORT"]])
