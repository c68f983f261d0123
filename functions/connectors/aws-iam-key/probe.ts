import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Child, Context, Credential, Probed } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { codeOf } from '../provider-error.ts';
import { deniedBefore } from './deny.ts';
import { denyPolicyOf, ourselves, standingOf, untold, type Standing } from './iam.ts';
import { lookedUpAgain, mintedWith } from './minted.ts';
import { newcomersOf } from './newcomers.ts';
import type { Trail } from './trail.ts';

type Seen = Omit<Probed, 'children'>;

/** The secret half in what was reported: reporters give `id:secret`, the pair in lines, or the half alone. */
export const secretHalfOf = (value: string, keyId: string): { secret: string } | { reason: string } => {
  const rest = value.replaceAll(keyId, ' ').replace(/^[\s:;,|"']+|[\s:;,|"']+$/g, '');
  const other = /(?<![A-Za-z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])/.test(rest);
  if (other) return { reason: 'the value names another key' };
  if (rest === '') return { reason: 'the value is the id alone: there is no secret half to try' };
  return /[\s"'{}\r\n]/.test(rest) ? halfWithin(rest) : { secret: rest };
};

const halfWithin = (text: string): { secret: string } | { reason: string } => {
  const halves = [...new Set(text.match(/(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g) ?? [])];
  return halves.length === 1 ? { secret: halves[0] as string } : { reason: 'which part of the value is the secret half cannot be told' };
};

/** Uses the pair itself. Only `InvalidClientTokenId` is death, and only where we ourselves are let in at the same moment. */
const byValue = async (edges: Edges, keyId: string, secret: string, signal: AbortSignal): Promise<Seen> => {
  const client = edges.clientsWith({ credentials: { accessKeyId: keyId, secretAccessKey: secret }, maxAttempts: 2 })(STSClient);
  let refusal: string;
  try {
    await client.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
    return { verdict: 'alive', basis: 'value', control: false, note: 'GetCallerIdentity accepts it (and would under an explicit deny as well)' };
  } catch (error) {
    signal.throwIfAborted();
    refusal = codeOf(error);
  } finally {
    client.destroy();
  }
  if (refusal === 'SignatureDoesNotMatch') {
    return { verdict: 'unknown', basis: 'value', control: false, mismatch: true, note: 'SignatureDoesNotMatch: the key id is alive, and the secret half is not the one that was tried' };
  }
  const control = await controlOf(edges, signal);
  if (!control.accepted) return { verdict: 'unknown', basis: 'value', control: false, note: `${refusal}, but the control was not accepted either (${control.note})` };
  if (refusal === 'InvalidClientTokenId') return { verdict: 'dead', basis: 'value', control: true, note: 'InvalidClientTokenId: refused at the door, while we ourselves were let in' };
  return { verdict: 'unknown', basis: 'value', control: true, note: `${refusal}: a refusal for another reason, or no answer` };
};

const controlOf = async (edges: Edges, signal: AbortSignal): Promise<{ accepted: true; account: string } | { accepted: false; note: string }> => {
  try {
    return { accepted: true, account: (await ourselves(edges, signal)).account };
  } catch (error) {
    signal.throwIfAborted();
    return { accepted: false, note: codeOf(error) };
  }
};

/** Reads IAM's record. That its user is found in the same record is the control. */
const byRecord = async (edges: Edges, credential: Credential, { told, user, key }: Standing, why: string, signal: AbortSignal): Promise<Seen> => {
  if (told === 'foreign') return { verdict: 'unknown', basis: 'record', control: false, note: `${why}${untold}` };
  if (told === 'listed') {
    const isDead = key.status === 'Inactive' || key.status === 'Expired';
    return { verdict: isDead ? 'dead' : 'alive', basis: 'record', control: true, note: `${why}IAM's record of ${user} says ${key.status}` };
  }
  if (user !== undefined) return { verdict: 'dead', basis: 'record', control: true, note: `${why}IAM's record says that the key was deleted, and has its user ${user}` };
  const control = await controlOf(edges, signal);
  if (!control.accepted) return { verdict: 'unknown', basis: 'record', control: false, note: `${why}its user is not found, and nor are we (${control.note})` };
  if (credential.account === undefined || credential.account !== control.account) {
    return { verdict: 'unknown', basis: 'record', control: false, note: `${why}this account has no such key, and whether it is the key's account is not known` };
  }
  return { verdict: 'dead', basis: 'record', control: true, note: `${why}IAM's record says that the key was deleted from its account ${control.account}` };
};

/** Another account or partition refuses this key's id in the same words, alive or not: our own identity is no control for it. */
const isOfOurs = async (edges: Edges, { account }: Credential, { told }: Standing, signal: AbortSignal): Promise<boolean> => {
  if (told !== 'foreign') return true;
  const control = account === undefined ? undefined : await controlOf(edges, signal);
  return control !== undefined && control.accepted && control.account === account;
};

/** Tries the pair, or reads the record where there is none; and, where it is dead, looks again at what it opened. */
export const probeKey = async (edges: Edges, trail: Trail, credential: Credential, value: string | undefined, context: Context): Promise<Probed> => {
  const { signal } = context;
  signal.throwIfAborted();
  const half = value === undefined ? { reason: '' } : secretHalfOf(value, credential.name);
  try {
    if ('secret' in half) {
      const seen = await byValue(edges, credential.name, half.secret, signal);
      if (seen.verdict !== 'dead') return seen;
      const standing = await standingOf(edges, credential, signal);
      if (!(await isOfOurs(edges, credential, standing, signal))) return { verdict: 'unknown', basis: 'value', control: false, note: 'InvalidClientTokenId, but it is not a key of this account as far as IAM tells: that we ourselves were let in says nothing about it' };
      // switched on again, or refused by this endpoint alone: whoever opens the door elsewhere is not asked here
      if (standing.key?.status === 'Active') return { verdict: 'unknown', basis: 'value', control: true, note: `InvalidClientTokenId, but IAM's record of ${standing.user} says Active` };
      return { ...seen, children: await childrenOf(edges, trail, credential, standing, context) };
    }
    // a value that belongs to another key says nothing about this one
    if (value !== undefined && half.reason.includes('another key')) return { verdict: 'unknown', basis: 'value', control: false, mismatch: true, note: half.reason };
    const standing = await standingOf(edges, credential, signal);
    const seen = await byRecord(edges, credential, standing, half.reason === '' ? '' : `${half.reason}; `, signal);
    return seen.verdict === 'dead' ? { ...seen, children: await childrenOf(edges, trail, credential, standing, context) } : seen;
  } catch (error) {
    signal.throwIfAborted();
    return { verdict: 'unknown', basis: 'secret' in half ? 'value' : 'record', control: false, note: `${codeOf(error)}: IAM's record could not be read` };
  }
};

const childrenOf = async (edges: Edges, trail: Trail, credential: Credential, { user, keys }: Standing, context: Context): Promise<Child[]> => {
  const before = user === undefined ? undefined : deniedBefore(await denyPolicyOf(edges, user, context.signal));
  const { children, lookedUp } = await mintedWith(edges, trail, { keyId: credential.name, user, before }, context);
  const newcomers = await newcomersOf(edges, trail, credential.name, keys ?? [], before, context);
  const known = new Set(newcomers.map(({ id }) => id));
  return [...children.filter(({ id }) => !known.has(id)), ...newcomers, ...(lookedUp ? [lookedUpAgain(context.now())] : [])];
};
