"""AWS's own caching client as a consumer uses it. Each line of input is a wish: `read` prints the id of the stored access
key, `refresh` waits until the cache asks again. A refusal prints its code. No secret is printed."""

import json
import os
import sys
import time

import botocore.session
from aws_secretsmanager_caching import SecretCache, SecretCacheConfig
from botocore.exceptions import ClientError

REFRESH_SECONDS = 1

client = botocore.session.get_session().create_client(
    "secretsmanager", region_name=os.environ["AWS_REGION"], endpoint_url=os.environ["AWS_ENDPOINT_URL"]
)
cache = SecretCache(config=SecretCacheConfig(secret_refresh_interval=REFRESH_SECONDS), client=client)

for wish in sys.stdin:
    if wish.strip() == "refresh":
        time.sleep(REFRESH_SECONDS + 0.1)
    try:
        print(json.loads(cache.get_secret_string(os.environ["SECRET_ID"]))["access_key_id"], flush=True)
    except ClientError as error:
        print(error.response["Error"]["Code"], flush=True)
