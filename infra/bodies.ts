import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { accept } from './nag.ts';

/** Days that a body is kept: as long as a delivery may wait in its queue after a redrive. */
const BODY_DAYS = 7;

/** Where bodies lie that are too big for a queue, values already taken out. */
export const bodiesBucket = (scope: Construct, id: string): Bucket => {
  const bucket = new Bucket(scope, id, {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    lifecycleRules: [{ expiration: Duration.days(BODY_DAYS), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    removalPolicy: RemovalPolicy.RETAIN,
  });
  accept(bucket, 'AwsSolutions-S1', `One function writes and one reads, bodies hold no values and are gone after ${BODY_DAYS} days; who wants a record of reads turns on CloudTrail data events.`);
  return bucket;
};
