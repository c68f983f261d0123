import { CreateRoleCommand, DeleteRoleCommand, DeleteRolePolicyCommand, IAMClient, ListRolePoliciesCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient, type Credentials } from '@aws-sdk/client-sts';
import { awsRoleSession } from '../../../functions/connectors/aws-role-session/index.ts';
import type { Credential, Issuer } from '../../../functions/core/connector.ts';
import type { AwsWorld } from '../../../local/fakes/aws/index.ts';
import { Watch, watchedIssuer, type IssuerSubject } from '../contract.ts';
import { account, administrator, contextOf, edgesElsewhere, startHouse, type Asking, type House } from '../house.ts';

/** All tests of this connector are held against its permissions together. */
export const watch = new Watch();

export const role = 'Deploy';
export const roleArn = `arn:aws:iam::${account}:role/ci/${role}`;
export const sessionArn = (session: string, of = role): string => `arn:aws:sts::${account}:assumed-role/${of}/${session}`;
export const credentialOf = (name: string): Credential => ({ id: `aws-role-session:${name}`, issuer: 'aws-role-session', name, account, copies: [] });

/** A role whose sessions end, and everybody who may do something about it. */
export interface RoleHouse extends IssuerSubject {
  house: House;
  /** The connector in another process. */
  elsewhere: Issuer;
  /** Calls as somebody who may do anything and is not us. */
  iam: IAMClient;
  /** Assumes a role; answers the id of the session's key. */
  assume(session: string, as?: Credentials, of?: string): Promise<Credentials>;
  /** Whether that session can do anything, in truth. */
  lives(session: Credentials): boolean;
  /** The text of our policy on the role; undefined where it has none. */
  policy(of?: string): string | undefined;
  writes(): number;
  recreate(): Promise<void>;
}

/** What is different in one test's house. */
export interface RoleOptions {
  world?: Partial<AwsWorld>;
  ownRoles?: string[];
  /** The credential's name, told the moment after its session was issued. */
  named?: (moment: string) => string;
  kill?: (subject: RoleHouse) => Promise<void>;
}

/** A moment after everything so far, as names give it. */
export const momentAfter = (house: House): string => new Date(Math.floor(house.clock.now().getTime() / 1000 + 1) * 1000).toISOString().replace('.000Z', 'Z');

/** A house with a role that has one session, and another role. */
export const openRoleHouse = async ({ world, ownRoles, named = (moment) => `${roleArn}@${moment}`, kill }: RoleOptions = {}): Promise<RoleHouse> => {
  const house = await startHouse({
    maxAttempts: 2,
    ownRoles,
    onCall: watch.onCall,
    world: { ...world, roles: [{ name: role, path: '/ci/', tags: { team: 'orders' }, createDate: '2025-01-01T00:00:00Z' }, { name: 'Other', createDate: '2025-01-01T00:00:00Z' }, ...(world?.roles ?? [])] },
  });
  const clientAs = (of?: Credentials) => ({
    endpoint: house.aws.url, region: 'us-east-1',
    credentials: of ? { accessKeyId: of.AccessKeyId ?? '', secretAccessKey: of.SecretAccessKey ?? '', sessionToken: of.SessionToken } : { accessKeyId: administrator.id, secretAccessKey: administrator.secret },
  });
  const iam = new IAMClient(clientAs());
  const assume = async (session: string, as?: Credentials, of = role): Promise<Credentials> => {
    const { Credentials: made } = await new STSClient(clientAs(as)).send(new AssumeRoleCommand({ RoleArn: of === role ? roleArn : `arn:aws:iam::${account}:role/${of}`, RoleSessionName: session }));
    return made as Credentials;
  };
  const state = house.aws.state;
  const lives = ({ AccessKeyId }: Credentials) => house.aws.sessions().some(({ id, alive }) => id === `aws-session:${AccessKeyId}` && alive);
  const remove = async (): Promise<void> => {
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: role }));
    for (const PolicyName of PolicyNames) await iam.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName }));
    await iam.send(new DeleteRoleCommand({ RoleName: role }));
  };
  const first = await assume('job-1');
  const subject: RoleHouse = {
    house, iam, assume, lives, remove,
    issuer: watchedIssuer(awsRoleSession.create(house.edges), watch),
    elsewhere: awsRoleSession.create(edgesElsewhere(house)),
    credential: credentialOf(named(momentAfter(house))),
    basis: 'record',
    behaviours: house.behaviours,
    context: (asking: Asking = {}) => contextOf(house.clock, { heard: (fact) => watch.outputs.push(JSON.stringify(fact)), ...asking }),
    alive: () => lives(first),
    policy: (of = role) => state().policies[`role/${of}/RescindEndedSessions`]?.document,
    writes: () => house.calls.filter(({ operation }) => operation === 'PutRolePolicy').length,
    snapshot: () => Object.entries(state().policies).filter(([name]) => name.startsWith(`role/${role}/`)).map(([name, { document }]) => [name, document]).sort(),
    kill: () => (kill ? kill(subject) : remove()),
    recreate: async () => {
      await remove();
      await iam.send(new CreateRoleCommand({ RoleName: role, Path: '/ci/', AssumeRolePolicyDocument: '{}' }));
    },
    values: () => Object.values(state().sessions).flatMap((session) => [session.secretAccessKey, session.sessionToken]),
    settle: () => Promise.resolve(),
    close: () => house.close(),
  };
  return subject;
};

/** Puts an inline policy on the role as its owner would. */
export const putPolicy = async ({ iam }: RoleHouse, name: string, document: object | string): Promise<void> => {
  await iam.send(new PutRolePolicyCommand({ RoleName: role, PolicyName: name, PolicyDocument: typeof document === 'string' ? document : JSON.stringify(document) }));
};
