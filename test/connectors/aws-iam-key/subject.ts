import { DeleteAccessKeyCommand, IAMClient, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { awsIamKey } from '../../../functions/connectors/aws-iam-key/index.ts';
import { awsSecretsManager } from '../../../functions/connectors/aws-secrets-manager/index.ts';
import type { Credential, Issuer } from '../../../functions/core/connector.ts';
import type { AwsWorld } from '../../../local/fakes/aws/index.ts';
import { Watch, watchedIssuer, type IssuerSubject } from '../contract.ts';
import { account, administrator, contextOf, copyOf, newPair, startHouse, type Asking, type House, type HouseOptions } from '../house.ts';

/** All tests of this connector are held against its permissions together. */
export const watch = new Watch();

/** Whose key leaked. */
export const user = 'orders-service';
/** The secrets that are vouched for, and the one that is not. */
export const bound = ['orders/aws', 'billing/aws', 'reports/env'];
export const unbound = 'scratch/aws';

const textsOf = ({ id, secret }: { id: string; secret: string }): Record<string, string> => ({
  'orders/aws': JSON.stringify({ accessKeyId: id, secretAccessKey: secret, region: 'us-east-1' }),
  'billing/aws': JSON.stringify({ aws: { id, secret }, note: `key ${id}` }),
  'reports/env': `AWS_ACCESS_KEY_ID=${id}\nAWS_SECRET_ACCESS_KEY=${secret}\n`,
  'scratch/aws': JSON.stringify({ accessKeyId: id, secretAccessKey: secret }),
});

const paths: Record<string, string> = { 'orders/aws': 'secretAccessKey', 'billing/aws': 'aws.secret', 'reports/env': 'AWS_SECRET_ACCESS_KEY', 'scratch/aws': 'secretAccessKey' };

/** One leaked key in a house, and everybody who may do something about it. */
export interface KeyHouse extends IssuerSubject {
  house: House;
  issuer: Issuer;
  pair: { id: string; secret: string };
  /** Calls as somebody who may do anything and is not us. */
  iam: IAMClient;
  /** A client that signs with such a pair. */
  sts(pair: { id: string; secret: string }): STSClient;
  iamAs(pair: { id: string; secret: string }): IAMClient;
}

/** What is different in one test's house. */
export interface KeyOptions extends Omit<HouseOptions, 'world'> {
  world?: (pair: { id: string; secret: string }) => Partial<AwsWorld>;
  /** More keys of the same user. */
  more?: { id: string; secret: string }[];
  policy?: object;
}

/** A house with one leaked key, kept in three bound secrets and a fourth that nobody vouched for. */
export const openKeyHouse = async (options: KeyOptions = {}): Promise<KeyHouse> => {
  const pair = newPair();
  const { world, more = [], policy, ...rest } = options;
  const given = world?.(pair) ?? {};
  const house = await startHouse({
    ...rest,
    onCall: watch.onCall,
    world: {
      roles: [{ name: 'Deploy' }],
      secrets: Object.entries(textsOf(pair)).map(([name, value]) => ({ name, value })),
      ...given,
      users: [
        {
          name: user,
          keys: [pair, ...more].map(({ id, secret }) => ({ id, secret, status: 'Active' as const, createDate: '2025-01-01T00:00:00.000Z' })),
          inlinePolicies: { ...(policy ? { RescindDenyOlderSessions: policy } : {}), Other: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] } },
        },
        ...(given.users ?? []),
      ],
    },
  });
  const clientAs = (of: { id: string; secret: string }) => ({ endpoint: house.aws.url, region: 'us-east-1', credentials: { accessKeyId: of.id, secretAccessKey: of.secret } });
  const iam = new IAMClient(clientAs(administrator));
  const credential: Credential = {
    id: `aws-iam-key:${pair.id}`, issuer: 'aws-iam-key', name: pair.id, account, principal: user,
    copies: [...bound.map((name) => copyOf(house, name, paths[name] ?? '')), copyOf(house, unbound, 'secretAccessKey', { bound: false })],
  };
  const state = house.aws.state;
  return {
    house, credential, pair, iam,
    issuer: watchedIssuer(awsIamKey.create(house.edges), watch),
    stores: awsSecretsManager.create(house.edges),
    value: pair.secret,
    behaviours: house.behaviours,
    context: (asking: Asking = {}) => contextOf(house.clock, { heard: (fact) => watch.outputs.push(JSON.stringify(fact)), ...asking }),
    sts: (of) => new STSClient(clientAs(of)),
    iamAs: (of) => new IAMClient(clientAs(of)),
    alive: () => house.aws.isOpen(pair.id),
    snapshot: () => ({
      status: state().keys[pair.id]?.status,
      policies: Object.entries(state().policies).filter(([name]) => name.startsWith(`user/${user}/`)).map(([name, { document }]) => [name, document]).sort(),
    }),
    kill: async () => void (await iam.send(new UpdateAccessKeyCommand({ UserName: user, AccessKeyId: pair.id, Status: 'Inactive' }))),
    remove: async () => void (await iam.send(new DeleteAccessKeyCommand({ UserName: user, AccessKeyId: pair.id }))),
    values: () => [...Object.values(state().keys).map(({ secret }) => secret), ...Object.values(state().sessions).flatMap((session) => [session.secretAccessKey, session.sessionToken])],
    keys: () => Object.values(state().keys).filter(({ userName }) => userName === user).map(({ id }) => id).sort(),
    settle: () => Promise.resolve(),
    close: () => house.close(),
  };
};
