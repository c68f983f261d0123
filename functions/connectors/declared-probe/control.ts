import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { bindingOfSecret, type DeclaredProbe } from '../../core/configuration.ts';
import type { Credential } from '../../core/connector.ts';
import { leavesOf, plainPath } from '../../core/leaves.ts';
import type { Edges } from '../edges.ts';
import { leafAt } from '../leaf-at.ts';
import { codeOf } from '../provider-error.ts';

/** A value that should live (and what it means if it does not, where that is not a door that refuses everything), or why there is none to be had. */
export type Control = { value: string; doubt?: string } | { none: string };

const textOf = async (edges: Edges, secret: string, signal: AbortSignal): Promise<{ text: string } | { none: string }> => {
  try {
    const { SecretString } = await edges.clientOf(SecretsManagerClient).send(new GetSecretValueCommand({ SecretId: secret }), { abortSignal: signal });
    return SecretString === undefined ? { none: 'the secret of the control holds no text' } : { text: SecretString };
  } catch (error) {
    signal.throwIfAborted();
    return { none: `the control could not be read (${codeOf(error)})` };
  }
};

const valueIn = (text: string, leaf: string | undefined): Control => {
  const value = leafAt(text, leaf);
  return value === undefined ? { none: 'the secret of the control has no such leaf' } : { value };
};

/** The control that the configuration names. */
const configured = async (edges: Edges, control: NonNullable<DeclaredProbe['control']>, tested: string, signal: AbortSignal): Promise<Control> => {
  const found = await textOf(edges, control.secret, signal);
  if ('none' in found) return found;
  const value = valueIn(found.text, control.leaf);
  return 'value' in value && value.value === tested ? { none: 'the control is the very value under test' } : value;
};

/** A place that vouches for the value: it was met there at the named `leaf`, or, where the configuration names none, at `met`, of which one may be the probe's. */
interface Own {
  place: string;
  name: string;
  leaf?: string;
  met: Set<string>;
}

const ownPlaces = (edges: Edges, probe: string, credential: Credential): Own[] => {
  const places = new Map<string, Own>();
  // a place that nobody vouched for may hold a value that a thief put there
  for (const { place, name, path } of credential.copies.filter(({ bound }) => bound)) {
    const binding = bindingOfSecret(edges.configuration, name);
    // another leaf of it is another door's: that its named one is let in says nothing about this value
    if (binding?.probe !== probe || (binding.leaf !== undefined && plainPath(path) !== binding.leaf)) continue;
    const own = places.get(place) ?? { place, name, leaf: binding.leaf, met: new Set() };
    own.met.add(plainPath(path));
    places.set(place, own);
  }
  return [...places.values()].sort((a, b) => Number(b.leaf !== undefined) - Number(a.leaf !== undefined));
};

/** The first secret-like leaf of a text, and whether it holds the only value that looks like a secret. */
const firstLeaf = (text: string): { path: string; isOnly: boolean } => {
  const leaves = leavesOf(text).filter(({ path }) => path === plainPath(path));
  return { path: leaves[0]?.path ?? '', isOnly: leaves.every(({ value }) => value === leaves[0]?.value) };
};

/**
 * The configured control; else the current value of the probe's leaf in a bound copy, where that is another than the one
 * under test. Where the value is this probe's only because it comes first among several secret-like leaves of a secret of
 * which the configuration does not say which is the probe's, only the current value of that very leaf will do: if it is
 * let in, the leaf is this door's.
 */
export const controlOf = async (edges: Edges, { name: probe, control }: DeclaredProbe, credential: Credential, tested: string, signal: AbortSignal): Promise<Control> => {
  const own = ownPlaces(edges, probe, credential);
  if (control && own.some(({ leaf }) => leaf !== undefined)) return configured(edges, control, tested, signal);
  let last: Control = { none: "no bound copy of it is known to be this probe's" };
  for (const { place, name, leaf, met } of own) {
    const found = await textOf(edges, place, signal);
    if ('none' in found) {
      last = found;
      continue;
    }
    const first = firstLeaf(found.text);
    const doubt = `nobody has said which leaf of ${name} is this probe's, and the present one is refused as well: name it in the configuration (secrets[].leaf)`;
    if (leaf === undefined && !met.has(first.path)) {
      last = { none: `another leaf of ${name} comes first by now, and nobody has said which is this probe's: name it in the configuration (secrets[].leaf)` };
      continue;
    }
    if (control && first.isOnly) return configured(edges, control, tested, signal);
    const value = valueIn(found.text, leaf ?? first.path);
    if ('value' in value && value.value !== tested) return leaf !== undefined || first.isOnly ? value : { ...value, doubt };
    last = 'value' in value ? { none: 'its copies hold the very value under test' } : value;
  }
  return last;
};
