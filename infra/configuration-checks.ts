import { sources } from '../events/index.ts';
import type { Configuration, DeclaredProbe } from '../functions/core/configuration.ts';
import { problemsOfLeases } from './configuration-leases.ts';

/** Where in the file something is wrong, and what, with what was expected. */
export interface Problem {
  /** Such as `secrets[2].owner`. */
  path: string;
  says: string;
}

export interface CheckOptions {
  /** On one machine: plain HTTP is fine, and so are stories whose times have passed. */
  local?: boolean;
  /** Against which time exemptions are held. */
  now?: Date;
}

/** Days that an exemption may last: a break-glass credential is named anew once a year, or not at all. */
const MOST_EXEMPT_DAYS = 366;

/** Sources whose reports hold no value: it is fetched, so they must say where. */
const lookedUp = new Set(['github-secret-scanning']);

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none is declared' : names.map((name) => `"${name}"`).join(', '));

const unknownName = (path: string, found: string, kind: string, known: readonly string[]): Problem[] =>
  known.includes(found) ? [] : [{ path, says: `names "${found}", which is no ${kind}; expected one of: ${listed(known)}` }];

const twice = <T>(path: string, key: keyof T & string, items: readonly T[]): Problem[] =>
  items.flatMap((item, n) => {
    const first = items.findIndex((other) => other[key] === item[key]);
    return first === n ? [] : [{ path: `${path}[${n}].${key}`, says: `names "${String(item[key])}" again, after ${path}[${first}]; expected each once` }];
  });

const duplicates = ({ owners, secrets, users, probes, sources: settings, exemptions }: Configuration): Problem[] => [
  ...twice('owners', 'name', owners),
  ...twice('secrets', 'secret', secrets),
  ...twice('users', 'user', users),
  ...twice('probes', 'name', probes),
  ...twice('sources', 'source', settings),
  ...twice('exemptions', 'credential', exemptions),
];

const references = ({ owners, secrets, users, probes, fallbackOwner }: Configuration): Problem[] => {
  const ownerNames = owners.map(({ name }) => name);
  const probeNames = probes.map(({ name }) => name);
  return [
    ...unknownName('fallbackOwner', fallbackOwner, 'owner', ownerNames),
    ...users.flatMap(({ owner }, n) => unknownName(`users[${n}].owner`, owner, 'owner', ownerNames)),
    ...secrets.flatMap(({ owner, probe }, n) => [
      ...unknownName(`secrets[${n}].owner`, owner, 'owner', ownerNames),
      ...(probe === undefined ? [] : unknownName(`secrets[${n}].probe`, probe, 'probe', probeNames)),
    ]),
  ];
};

const encrypted = (path: string, url: string, local: boolean): Problem[] =>
  local || new URL(url).protocol === 'https:' ? [] : [{ path, says: `goes to ${new URL(url).protocol}//; expected https://, since a value is sent there` }];

const ofProbe = ({ request, alive, dead, settleSeconds }: DeclaredProbe, path: string, local: boolean): Problem[] => {
  const both = alive.filter((status) => dead.includes(status));
  const used = [...Object.values(request.headers), request.body ?? ''].some((text) => text.includes('{value}'));
  return [
    ...encrypted(`${path}.request.url`, request.url, local),
    ...(request.url.includes('{value}') ? [{ path: `${path}.request.url`, says: 'holds {value}; expected it in a header or the body, since addresses are logged on the way' }] : []),
    ...(used ? [] : [{ path: `${path}.request`, says: 'never uses the value; expected {value} in a header or the body' }]),
    ...(both.length === 0 ? [] : [{ path: `${path}.dead`, says: `shares ${both.join(', ')} with alive; expected each status to mean one thing` }]),
    ...(settleSeconds.typical <= settleSeconds.max ? [] : [{ path: `${path}.settleSeconds`, says: `has typical ${settleSeconds.typical} above max ${settleSeconds.max}; expected it at or below` }]),
  ];
};

const ofSources = (configuration: Configuration, local: boolean): Problem[] => {
  const webhooks = sources.flatMap(({ transport, name }) => (transport === 'webhook' ? [name] : []));
  return configuration.sources.flatMap(({ source, api }, n) => {
    const path = `sources[${n}]`;
    return [
      ...unknownName(`${path}.source`, source, 'source that posts to us', webhooks),
      ...(api ? encrypted(`${path}.api.url`, api.url, local) : []),
      ...(lookedUp.has(source) && !api ? [{ path, says: 'has no api; expected {"url", "token"}, since its reports hold no value and it must be asked' }] : []),
    ];
  });
};

const ofExemptions = ({ exemptions }: Configuration, now: Date): Problem[] =>
  exemptions.flatMap(({ until }, n) => {
    const days = (Date.parse(until) - now.getTime()) / 86_400_000;
    const path = `exemptions[${n}].until`;
    if (days <= 0) return [{ path, says: 'has passed; expected a time to come (take the exemption out, it has ended by itself)' }];
    return days > MOST_EXEMPT_DAYS ? [{ path, says: `is more than ${MOST_EXEMPT_DAYS} days away; expected it sooner, nothing is exempt for ever` }] : [];
  });

/** What no schema of one field can see: names that lead nowhere, things named twice, what contradicts itself. */
export const problemsOf = (configuration: Configuration, { local = false, now = new Date() }: CheckOptions = {}): Problem[] => [
  ...duplicates(configuration),
  ...references(configuration),
  ...configuration.probes.flatMap((probe, n) => ofProbe(probe, `probes[${n}]`, local)),
  ...ofSources(configuration, local),
  ...problemsOfLeases(configuration, local),
  ...(local ? [] : ofExemptions(configuration, now)),
];
