import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { AccountRootPrincipal, ArnPrincipal, PolicyDocument, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { Alias, CfnAlias, CfnKey, Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { grants } from './grants.ts';
import type { FunctionName, ResourceName } from './grants.ts';

/**
 * The versions of the fingerprint key, newest first. To change the key, put `v2` before `v1`: the index then reads every
 * secret once more, and both are looked up until `v1` is taken away (docs/operating.md says when). KMS cannot rotate such
 * keys by itself.
 */
export const fingerprintVersions = ['v1'] as const;

const aliasOf = (version: string): string => `alias/rescind-fingerprint-${version}`;

/** The variable of that name: `v2=alias/b,v1=alias/a`, newest first. */
export const FINGERPRINT_KEYS = fingerprintVersions.map((version) => `${version}=${aliasOf(version)}`).join(',');

/** The variable of that name: the key's alias. */
export const HOLD_KEY = 'alias/rescind-hold';

/** What administrators of the account may do with our keys: everything but use them. */
const administration = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:Describe*',
  'kms:DisableKey*',
  'kms:EnableKey*',
  'kms:Get*',
  'kms:List*',
  'kms:PutKeyPolicy',
  'kms:RotateKeyOnDemand',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:Update*',
];

/** Who uses a key, and how, as the grants say it. */
const uses = (key: ResourceName, roles: Record<FunctionName, IRole>): PolicyStatement[] =>
  (Object.keys(grants) as FunctionName[]).flatMap((name) =>
    grants[name]
      .filter(({ resources }) => resources.includes(key))
      .map(({ actions, conditions }) => new PolicyStatement({ actions, resources: ['*'], principals: [new ArnPrincipal(roles[name].roleArn)], conditions })),
  );

const policyOf = (key: ResourceName, roles: Record<FunctionName, IRole>): PolicyDocument =>
  new PolicyDocument({
    statements: [new PolicyStatement({ sid: 'AdministersAndNeverUses', actions: administration, resources: ['*'], principals: [new AccountRootPrincipal()] }), ...uses(key, roles)],
  });

/** The keys for fingerprints (HMAC, nobody holds it), for held values (only probe decrypts) and for the topic. */
export class Keys extends Construct {
  readonly fingerprintArns: string[];
  readonly hold: Key;
  readonly topic: Key;

  constructor(scope: Construct, id: string, { roles }: { roles: Record<FunctionName, IRole> }) {
    super(scope, id);
    this.fingerprintArns = fingerprintVersions.map((version) => this.fingerprintKey(version, roles));
    this.hold = new Key(this, 'Hold', {
      description: 'Rescind: leaked values that a probe still needs, bound to their case',
      enableKeyRotation: true,
      policy: policyOf('hold-key', roles),
      removalPolicy: RemovalPolicy.RETAIN,
    });
    new Alias(this, 'HoldAlias', { aliasName: HOLD_KEY, targetKey: this.hold });
    this.topic = new Key(this, 'Topic', { description: 'Rescind: messages about cases', enableKeyRotation: true, removalPolicy: RemovalPolicy.RETAIN });
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        // A key of AWS's own would not let alarms publish: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
  }

  private fingerprintKey(version: string, roles: Record<FunctionName, IRole>): string {
    const key = new CfnKey(this, `Fingerprint${version.toUpperCase()}`, {
      description: `Rescind: fingerprints of secret values, ${version}`,
      keySpec: 'HMAC_256',
      keyUsage: 'GENERATE_VERIFY_MAC',
      keyPolicy: policyOf('fingerprint-keys', roles),
    });
    // Without this key no stored fingerprint can ever be matched again.
    key.applyRemovalPolicy(RemovalPolicy.RETAIN);
    new CfnAlias(this, `Fingerprint${version.toUpperCase()}Alias`, { aliasName: aliasOf(version), targetKeyId: key.ref });
    return key.attrArn;
  }
}
