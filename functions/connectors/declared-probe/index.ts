import type { Binding, ConnectorFacts, Context, Credential, Issuer, Permission, Probed } from '../../core/connector.ts';
import type { ConnectorModule, Edges } from '../edges.ts';
import { resolveAll, type Resolve } from './address.ts';
import { ask, type Answer } from './ask.ts';
import { budgetOf, type Budget } from './budget.ts';
import { controlOf } from './control.ts';
import { fill } from './request.ts';

const name = 'declared-probe';

const permissions: Permission[] = [
  { verb: 'probe', actions: ['secretsmanager:GetSecretValue'], resources: ['arn:${partition}:secretsmanager:${region}:${account}:secret:*'] },
  {
    verb: 'probe',
    actions: ['kms:Decrypt'],
    resources: ['arn:${partition}:kms:${region}:${account}:key/*'],
    conditions: { StringEquals: { 'kms:ViaService': 'secretsmanager.${region}.amazonaws.com' } },
  },
];

const declaredBy = (edges: Edges, binding: Binding) => edges.configuration.probes.find((probe) => probe.name === binding.probe);

const oldByRotation = { 'alternating-users': 'dies-at-next-rotation', 'single-user': 'dies-at-once' } as const;

const factsOf = (edges: Edges, binding: Binding): ConnectorFacts => {
  const declared = declaredBy(edges, binding);
  return {
    effect: 'eventual',
    settleSeconds: declared?.settleSeconds ?? { typical: 0, max: 0 },
    reversible: false,
    old: declared?.old ?? (binding.rotation ? oldByRotation[binding.rotation] : 'lives'),
    containBeforeRotate: 'breaks-rotation',
    needsValue: true,
    children: 'unknown',
    reach: 'credential',
    rate: { perHour: declared?.perHour ?? 0, per: 'address' },
  };
};

const unknown = (note: string, control = false): Probed => ({ verdict: 'unknown', basis: 'value', control, note });

/** What an answer means. A refusal for being too fast, an error of theirs and a redirect mean nothing, whatever was declared. */
const meaningOf = (answer: Answer, alive: readonly number[], dead: readonly number[]): 'alive' | 'dead' | 'unknown' => {
  if ('none' in answer) return 'unknown';
  const { status } = answer;
  if (status === 429 || status >= 500 || (status >= 300 && status < 400)) return 'unknown';
  return alive.includes(status) ? 'alive' : dead.includes(status) ? 'dead' : 'unknown';
};

const told = (answer: Answer): string => ('none' in answer ? answer.none : `status ${answer.status}`);

const probeValue = async (edges: Edges, budget: Budget, resolve: Resolve, credential: Credential, value: string | undefined, context: Context): Promise<Probed> => {
  const { signal, binding } = context;
  signal.throwIfAborted();
  const declared = declaredBy(edges, binding);
  if (!declared) return unknown('no probe is declared for it');
  if (value === undefined) return unknown(`the probe ${declared.name} needs the value, and none is held`);
  const filled = fill(declared, value, edges.local);
  if ('refused' in filled) return unknown(`the probe ${declared.name} was not made: ${filled.refused}`);
  if (!budget.take(declared.name, declared.perHour, context.now())) return unknown(`the probe ${declared.name} was made ${declared.perHour} times in this hour, as often as it may be`);
  const answer = await ask(filled, edges.local, resolve, signal);
  const meaning = meaningOf(answer, declared.alive, declared.dead);
  if (meaning === 'alive') return { verdict: 'alive', basis: 'value', control: false, note: `${declared.name}: ${told(answer)}, accepted` };
  if (meaning === 'unknown') return unknown(`${declared.name}: ${told(answer)}, which says nothing about it`);
  const control = await controlOf(edges, declared, credential, value, signal);
  if ('none' in control) return unknown(`${declared.name}: ${told(answer)}, refused; but there was no control: ${control.none}`);
  const controlled = fill(declared, control.value, edges.local);
  if ('refused' in controlled) return unknown(`${declared.name}: ${told(answer)}, refused; but there was no control: ${controlled.refused}`);
  const living = await ask(controlled, edges.local, resolve, signal);
  switch (meaningOf(living, declared.alive, declared.dead)) {
    case 'alive':
      return { verdict: 'dead', basis: 'value', control: true, note: `${declared.name}: ${told(answer)}, refused, while the control was accepted (${told(living)})` };
    case 'dead':
      return unknown(`${declared.name}: ${control.doubt ?? 'everything at that address is refused, the control included'} (${told(living)})`);
    case 'unknown':
      return unknown(`${declared.name}: ${told(answer)}, refused; but the control failed: ${told(living)}`);
  }
};

/** The issuer as a module, with the resolver of host names as a parameter for tests. */
export const declaredProbeWith = (resolve: Resolve): ConnectorModule<Issuer> => ({
  name,
  role: 'issuer',
  permissions,
  create: (edges) => {
    const budget = budgetOf();
    return {
      name,
      role: 'issuer',
      permissions,
      facts: (binding) => factsOf(edges, binding),
      find: (credential, { signal, binding }) => {
        signal.throwIfAborted();
        const declared = declaredBy(edges, binding);
        // whether it exists only its issuer knows, and that one has no connector: what is not known is acted upon
        const note = declared ? `not known: only the probe ${declared.name} can tell whether it works` : 'not known: no probe is declared for it';
        return Promise.resolve({ exists: credential.name !== '', note });
      },
      probe: (credential, value, context) => probeValue(edges, budget, resolve, credential, value, context),
    };
  },
});

/** An issuer that is known only by the request that shows whether a value works. `perHour` counts runs; the control belongs to its run. */
export const declaredProbe: ConnectorModule<Issuer> = declaredProbeWith(resolveAll);
