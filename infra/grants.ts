/** The functions there are, each in `functions/<name>.ts`. */
export const functionNames = ['receive', 'dispatch', 'plan', 'contain', 'rotate', 'revoke', 'probe', 'record', 'report', 'index', 'api'] as const;
export type FunctionName = (typeof functionNames)[number];

/** What a grant can be about. `permissions.ts` knows the ARNs. */
export type ResourceName =
  | 'ledger'
  | 'ledger-indexes'
  | 'registry'
  | 'registry-indexes'
  | 'deliveries'
  | 'index-queue'
  | 'bodies'
  | 'fingerprint-keys'
  | 'hold-key'
  | 'topic'
  | 'topic-key'
  | 'playbooks'
  | 'executions'
  | 'bus'
  /** The signing secrets that the installation's configuration names. */
  | 'signing-secrets'
  /** The tokens for senders' APIs that the installation's configuration names. */
  | 'api-tokens'
  /** All secrets of the account, or those with the tag that limits the index. */
  | 'every-secret'
  /** For actions that IAM offers no resource for. */
  | 'anything';

export interface Grant {
  actions: string[];
  resources: ResourceName[];
  conditions?: Record<string, Record<string, string>>;
}

/** Held values are bound to their case; nothing else may pass through that key. */
const boundToCase = { 'ForAnyValue:StringEquals': { 'kms:EncryptionContextKeys': 'case' } };

const read = ['dynamodb:GetItem', 'dynamodb:Query'];
const write = ['dynamodb:PutItem', 'dynamodb:UpdateItem'];

const fingerprint: Grant = { actions: ['kms:GenerateMac'], resources: ['fingerprint-keys'] };
const hold: Grant = { actions: ['kms:Encrypt'], resources: ['hold-key'], conditions: boundToCase };

/** What every function of a playbook needs: the case's lines, and what the registry knows of its credential. */
const step: Grant[] = [
  { actions: [...read, ...write], resources: ['ledger', 'ledger-indexes'] },
  { actions: read, resources: ['registry', 'registry-indexes'] },
];

/** What each function's own code may call of the platform. What its connectors need is added from their `permissions`. */
export const grants: Record<FunctionName, Grant[]> = {
  receive: [
    { actions: ['dynamodb:PutItem'], resources: ['ledger'] },
    { actions: ['sqs:SendMessage'], resources: ['deliveries'] },
    { actions: ['s3:PutObject'], resources: ['bodies'] },
    fingerprint,
    hold,
    { actions: ['secretsmanager:GetSecretValue'], resources: ['signing-secrets'] },
  ],
  dispatch: [
    { actions: [...read, ...write], resources: ['ledger', 'ledger-indexes', 'registry', 'registry-indexes'] },
    { actions: ['s3:GetObject'], resources: ['bodies'] },
    fingerprint,
    hold,
    { actions: ['states:StartExecution', 'states:SendTaskSuccess'], resources: ['playbooks'] },
    { actions: ['states:DescribeExecution', 'states:StopExecution'], resources: ['executions'] },
    { actions: ['secretsmanager:GetSecretValue'], resources: ['api-tokens'] },
  ],
  plan: step,
  contain: step,
  rotate: [...step, { actions: ['events:PutEvents'], resources: ['bus'], conditions: { StringEquals: { 'events:source': 'rescind' } } }],
  revoke: step,
  probe: [...step, { actions: ['kms:Decrypt'], resources: ['hold-key'], conditions: boundToCase }],
  record: [...step, { actions: ['dynamodb:DeleteItem'], resources: ['ledger'] }],
  report: [
    ...step,
    { actions: ['sns:Publish'], resources: ['topic'] },
    { actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: ['topic-key'] },
  ],
  index: [
    { actions: [...read, ...write, 'dynamodb:DeleteItem'], resources: ['registry', 'registry-indexes'] },
    { actions: ['secretsmanager:ListSecrets', 'secretsmanager:BatchGetSecretValue'], resources: ['anything'] },
    { actions: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'], resources: ['every-secret'] },
    { actions: ['iam:ListUsers', 'iam:ListAccessKeys'], resources: ['anything'] },
    fingerprint,
    { actions: ['sqs:SendMessage'], resources: ['deliveries', 'index-queue'] },
  ],
  api: [
    { actions: [...read, ...write, 'dynamodb:DeleteItem'], resources: ['ledger', 'ledger-indexes'] },
    { actions: read, resources: ['registry', 'registry-indexes'] },
    { actions: ['states:SendTaskSuccess'], resources: ['playbooks'] },
  ],
};

/** Why a resource's ARN holds a wildcard. One that is not listed here fails the synthesis. */
export const whyWildcard: Partial<Record<ResourceName, string>> = {
  bodies: 'Objects are named as they come; the bucket holds nothing else.',
  executions: 'Executions are named by case and attempt; the playbook is ours alone.',
  'every-secret': 'A leaked value is found only if every secret was read before. Only the index may, and a tag can limit it (-c indexTag=key=value).',
  anything: 'Listing secrets and users knows no narrower resource.',
};

/** What Lambda itself does in the name of a function that reads a queue: no code of ours calls these. */
export const queueReading = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'];

/** What every role needs for its log. */
export const LOG_ACTIONS = ['logs:CreateLogStream', 'logs:PutLogEvents'];
