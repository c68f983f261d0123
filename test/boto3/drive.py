"""Drives the AWS fakes with boto3, a client that they were not written against.

Reads where they are and which keys there are from the JSON in the first argument,
checks with plain asserts, and prints `N passed, 0 failed`.
"""
import json
import sys
import time
import traceback
import urllib.error
import urllib.request
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

HOUSE = json.loads(sys.argv[1])


def client(service, key="ours", **changes):
    credentials = {**HOUSE["keys"][key], **changes} if isinstance(key, str) else key
    return boto3.client(
        service,
        endpoint_url=HOUSE["url"],
        region_name=HOUSE["region"],
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20),
        **credentials,
    )


def refusal(call, **parameters):
    """The code and the HTTP status with which the call is refused."""
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError("it was not refused")


def secrets_live_from_creation_to_deletion():
    secrets = client("secretsmanager")
    token = str(uuid.uuid4())
    made = secrets.create_secret(Name="boto/one", SecretString="first", ClientRequestToken=token, Tags=[{"Key": "team", "Value": "x"}])
    assert made["VersionId"] == token
    assert secrets.get_secret_value(SecretId=made["ARN"])["SecretString"] == "first"
    second = secrets.put_secret_value(SecretId="boto/one", SecretBinary=b"\x00second")["VersionId"]
    assert secrets.get_secret_value(SecretId="boto/one")["SecretBinary"] == b"\x00second"
    assert secrets.describe_secret(SecretId="boto/one")["VersionIdsToStages"] == {token: ["AWSPREVIOUS"], second: ["AWSCURRENT"]}
    assert refusal(secrets.put_secret_value, SecretId="boto/one", SecretString="x", ClientRequestToken=token) == ("ResourceExistsException", 400)
    assert refusal(secrets.update_secret_version_stage, SecretId="boto/one", VersionStage="AWSCURRENT", MoveToVersionId=token)[0] == "InvalidParameterException"
    secrets.update_secret_version_stage(SecretId="boto/one", VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=second)
    assert secrets.get_secret_value(SecretId="boto/one", VersionStage="AWSPREVIOUS")["VersionId"] == second
    secrets.delete_secret(SecretId="boto/one", RecoveryWindowInDays=7)
    assert refusal(secrets.get_secret_value, SecretId="boto/one")[0] == "InvalidRequestException"
    secrets.restore_secret(SecretId="boto/one")
    secrets.delete_secret(SecretId="boto/one", ForceDeleteWithoutRecovery=True)
    assert refusal(secrets.get_secret_value, SecretId="boto/one") == ("ResourceNotFoundException", 400)


def secrets_are_listed_in_pages():
    secrets = client("secretsmanager")
    pages = list(secrets.get_paginator("list_secrets").paginate(PaginationConfig={"PageSize": 2}))
    names = [secret["Name"] for page in pages for secret in page["SecretList"]]
    assert len(pages) > 1 and sorted(names) == sorted(set(names)) and "rotating" in names, names
    found = secrets.list_secrets(Filters=[{"Key": "name", "Values": ["rot"]}])["SecretList"]
    assert [secret["Name"] for secret in found] == ["rotating"]
    assert ["AWSCURRENT"] in found[0]["SecretVersionsToStages"].values()


def a_rotation_runs_its_four_steps_and_is_watched():
    secrets = client("secretsmanager")
    before = secrets.get_secret_value(SecretId="rotating")["SecretString"]
    token = str(uuid.uuid4())
    assert secrets.rotate_secret(SecretId="rotating", ClientRequestToken=token)["VersionId"] == token
    deadline = time.time() + 10
    while "AWSCURRENT" not in secrets.describe_secret(SecretId="rotating")["VersionIdsToStages"].get(token, []):
        assert time.time() < deadline, "the rotation did not end"
        time.sleep(0.05)
    assert secrets.get_secret_value(SecretId="rotating")["SecretString"] != before
    assert secrets.get_secret_value(SecretId="rotating", VersionStage="AWSPREVIOUS")["SecretString"] == before
    secrets.rotate_secret(SecretId="rotating", ClientRequestToken=token)


def a_stuck_rotation_is_refused_until_the_label_is_taken_off():
    secrets = client("secretsmanager")
    assert refusal(secrets.rotate_secret, SecretId="stuck") == ("InvalidRequestException", 400)
    stages = secrets.describe_secret(SecretId="stuck")["VersionIdsToStages"]
    pending = next(version for version, labels in stages.items() if "AWSPENDING" in labels)
    assert refusal(secrets.get_secret_value, SecretId="stuck", VersionStage="AWSPENDING")[0] == "ResourceNotFoundException"
    secrets.cancel_rotate_secret(SecretId="stuck")
    assert secrets.describe_secret(SecretId="stuck")["RotationEnabled"] is False
    secrets.update_secret_version_stage(SecretId="stuck", VersionStage="AWSPENDING", RemoveFromVersionId=pending)
    secrets.rotate_secret(SecretId="stuck")
    assert secrets.describe_secret(SecretId="stuck")["RotationEnabled"] is True


def macs_are_made_and_verified():
    kms = client("kms")
    request = {"KeyId": "alias/fingerprints", "Message": b"message", "MacAlgorithm": "HMAC_SHA_256"}
    mac = kms.generate_mac(**request)["Mac"]
    assert kms.generate_mac(**request)["Mac"] == mac and len(mac) == 32
    assert kms.verify_mac(**request, Mac=mac)["MacValid"] is True
    assert refusal(kms.verify_mac, **{**request, "Message": b"other"}, Mac=mac)[0] == "KMSInvalidMacException"
    assert refusal(kms.generate_mac, **{**request, "KeyId": "alias/none"})[0] == "NotFoundException"
    assert refusal(kms.generate_mac, **{**request, "KeyId": "alias/held"})[0] == "InvalidKeyUsageException"


def the_encryption_context_is_enforced():
    kms = client("kms")
    sealed = kms.encrypt(KeyId="alias/held", Plaintext=b"held", EncryptionContext={"case": "1", "by": "boto"})["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"by": "boto", "case": "1"})["Plaintext"] == b"held"
    assert refusal(kms.decrypt, CiphertextBlob=sealed, EncryptionContext={"case": "2"})[0] == "InvalidCiphertextException"
    assert refusal(kms.decrypt, CiphertextBlob=sealed)[0] == "InvalidCiphertextException"
    key = kms.generate_data_key(KeyId="alias/held", KeySpec="AES_256")
    assert kms.decrypt(CiphertextBlob=key["CiphertextBlob"])["Plaintext"] == key["Plaintext"]


def a_user_has_two_keys_at_most():
    iam = client("iam")
    made = iam.create_access_key(UserName="carol")["AccessKey"]
    assert made["Status"] == "Active" and made["SecretAccessKey"]
    assert refusal(iam.create_access_key, UserName="carol") == ("LimitExceeded", 409)
    iam.update_access_key(UserName="carol", AccessKeyId=made["AccessKeyId"], Status="Inactive")
    assert refusal(iam.create_access_key, UserName="carol") == ("LimitExceeded", 409)
    listed = {key["AccessKeyId"]: key["Status"] for key in iam.list_access_keys(UserName="carol")["AccessKeyMetadata"]}
    assert listed[made["AccessKeyId"]] == "Inactive" and len(listed) == 2
    assert iam.get_access_key_last_used(AccessKeyId=made["AccessKeyId"])["UserName"] == "carol"
    iam.delete_access_key(UserName="carol", AccessKeyId=made["AccessKeyId"])
    assert refusal(iam.delete_access_key, UserName="carol", AccessKeyId=made["AccessKeyId"]) == ("NoSuchEntity", 404)
    assert {user["UserName"] for page in iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 1}) for user in page["Users"]} == {"carol", "dave"}


def policies_come_back_as_they_were_put():
    iam = client("iam")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}}}]}
    iam.put_user_policy(UserName="dave", PolicyName="deny-old", PolicyDocument=json.dumps(document))
    names = iam.list_user_policies(UserName="dave")["PolicyNames"]
    assert names == ["deny-old"]
    assert iam.get_user_policy(UserName="dave", PolicyName=names[0])["PolicyDocument"] == document
    iam.delete_user_policy(UserName="dave", PolicyName=names[0])
    assert refusal(iam.get_user_policy, UserName="dave", PolicyName=names[0]) == ("NoSuchEntity", 404)


def an_identity_is_told_refused_and_told_apart():
    arn = client("sts", "carol").get_caller_identity()["Arn"]
    assert arn == f"arn:aws:iam::{HOUSE['account']}:user/carol", arn
    assert client("sts").get_caller_identity()["Arn"].endswith(":assumed-role/rescind/functions")
    wrong = client("sts", "carol", aws_secret_access_key="invented")
    assert refusal(wrong.get_caller_identity) == ("SignatureDoesNotMatch", 403)
    unknown = client("sts", "carol", aws_access_key_id="AK" + "IA" + "X" * 16)
    assert refusal(unknown.get_caller_identity) == ("InvalidClientTokenId", 403)
    assert refusal(client("kms", "carol", aws_secret_access_key="invented").list_aliases)[0] == "InvalidSignatureException"


def a_presigned_request_opens_the_door_and_a_changed_one_does_not():
    url = client("sts", "carol").generate_presigned_url("get_caller_identity", HttpMethod="GET")
    with urllib.request.urlopen(url) as answer:
        assert "user/carol" in answer.read().decode()
    try:
        urllib.request.urlopen(url.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200"))
        raise AssertionError("the changed request was let in")
    except urllib.error.HTTPError as error:
        assert error.code == 403 and "SignatureDoesNotMatch" in error.read().decode()


def a_session_outlives_its_key_until_it_is_denied():
    iam = client("iam")
    key = HOUSE["keys"]["dave"]["aws_access_key_id"]
    minted = client("sts", "dave").get_session_token()["Credentials"]
    session = {"aws_access_key_id": minted["AccessKeyId"], "aws_secret_access_key": minted["SecretAccessKey"], "aws_session_token": minted["SessionToken"]}
    iam.update_access_key(UserName="dave", AccessKeyId=key, Status="Inactive")
    assert refusal(client("sts", "dave").get_caller_identity) == ("InvalidClientTokenId", 403)
    client("iam", session).list_users()
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["*"], "Resource": ["*"], "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2100-01-01T00:00:00Z"}}}]}
    iam.put_user_policy(UserName="dave", PolicyName="deny", PolicyDocument=json.dumps(deny))
    assert refusal(client("iam", session).list_users) == ("AccessDenied", 403)
    assert refusal(client("secretsmanager", session).list_secrets)[0] == "AccessDeniedException"
    client("sts", session).get_caller_identity()


def the_trail_tells_who_did_what():
    trail = client("cloudtrail")
    role = f"arn:aws:iam::{HOUSE['account']}:role/deploy"
    minted = client("sts", "carol").assume_role(RoleArn=role, RoleSessionName="job")["Credentials"]
    key = HOUSE["keys"]["carol"]["aws_access_key_id"]
    events = trail.lookup_events(LookupAttributes=[{"AttributeKey": "AccessKeyId", "AttributeValue": key}])["Events"]
    assumed = [json.loads(event["CloudTrailEvent"]) for event in events if event["EventName"] == "AssumeRole"]
    assert assumed[0]["responseElements"]["credentials"]["accessKeyId"] == minted["AccessKeyId"]
    assert "boto" in assumed[0]["userAgent"].lower()
    pages = list(trail.get_paginator("lookup_events").paginate(PaginationConfig={"PageSize": 5}))
    times = [event["EventTime"] for page in pages for event in page["Events"]]
    assert len(pages) > 1 and times == sorted(times, reverse=True)


CHECKS = [check for name, check in list(globals().items()) if callable(check) and getattr(check, "__module__", "") == "__main__" and name not in ("client", "refusal")]

failed = 0
for check in CHECKS:
    try:
        check()
    except Exception:
        failed += 1
        print(f"failed: {check.__name__}")
        traceback.print_exc()
print(f"{len(CHECKS) - failed} passed, {failed} failed")
sys.exit(1 if failed or not CHECKS else 0)
