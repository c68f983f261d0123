import type { DispatchDeps } from '../../functions/aws/admit.ts';
import type { ClientOf } from '../../functions/aws/clients.ts';
import type { RecordDeps, StepDeps } from '../../functions/aws/steps.ts';
import type { Case, Entry } from '../../functions/core/case.ts';
import type { Issuer, Reporter, Store } from '../../functions/core/connector.ts';
import { planOf, type Circumstances } from '../../functions/core/plan.ts';
import { circumstances, configuration, credential, report } from '../core/circumstances.ts';
import { startTables } from './tables.ts';

/** What stands in for Step Functions and SNS: notes what it is asked, and knows which executions run. */
const startWorkflows = () => {
  const asked: string[] = [];
  const running = new Set<string>();
  const nameOf = (arn: string): string => arn.slice(arn.lastIndexOf(':') + 1);
  const send = (command: { input: { name?: string; executionArn?: string; taskToken?: string }; constructor: { name: string } }): Promise<object> => {
    const { name, executionArn, taskToken } = command.input;
    const about = name ?? taskToken ?? (executionArn ? nameOf(executionArn) : '');
    const operation = command.constructor.name.replace(/Command$/, '');
    if (operation === 'StartExecution') running.add(about);
    if (operation === 'StopExecution') running.delete(about);
    if (operation !== 'DescribeExecution') asked.push(`${operation} ${about}`.trim());
    return Promise.resolve({ status: running.has(about) ? 'RUNNING' : 'ABORTED' });
  };
  return { asked, running, clientOf: (() => ({ send })) as unknown as ClientOf };
};

/** The tables with everything that dispatch, record and the steps of a playbook need besides providers, and a clock that stands still until it is moved. */
export const openDesk = async (more: { issuer?: Partial<Issuer>; reporter?: Reporter['fetchValue'] } = {}) => {
  let time = Date.parse('2026-11-22T01:00:00Z');
  const now = (): Date => new Date(time);
  const tables = await startTables(now);
  const { ledger, registry, documents } = tables;
  const { asked, running, clientOf } = startWorkflows();
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const shared = { configuration, ledger, registry, clientOf, now, sleep: () => Promise.resolve(), log, count: () => undefined };
  const issuer = { name: 'aws-iam-key', role: 'issuer', permissions: [], facts: () => circumstances().facts, find: () => Promise.resolve(circumstances().found), probe: () => Promise.reject(new Error('nobody asked for a probe')), ...more.issuer } satisfies Issuer;
  const reporter: Reporter = { name: 'github', role: 'reporter', permissions: [], fetchValue: more.reporter ?? (() => Promise.resolve({ gone: '404' })) };
  const dispatch: DispatchDeps = { ...shared, reporters: new Map([['github', reporter]]), fingerprintKeys: [], holdKey: '', playbookFor: () => 'arn:aws:states:us-east-1:111122223333:stateMachine:leaked', bucket: '', indexQueue: '' };
  const record: RecordDeps = { ...shared, topic: '' };
  const steps: StepDeps = { ...shared, issuers: new Map([[issuer.name, issuer]]), store: {} as Store };

  /** Lets somebody else act once, right after the next read (or right before the next new line of that kind) of a case. */
  const meanwhile = (when: 'read' | Entry['kind'], act: () => Promise<unknown>): void => {
    let isOver = false;
    const name = `meanwhile-${Math.random()}`;
    documents.middlewareStack.add(
      (next) => async (args) => {
        const { KeyConditionExpression, Item } = args.input as { KeyConditionExpression?: string; Item?: { line?: { kind?: unknown } } };
        const isRead = KeyConditionExpression?.includes(':line') ?? false;
        const isIt = when === 'read' ? isRead : Item?.line?.kind === when;
        if (isOver || !isIt) return next(args);
        isOver = true;
        documents.middlewareStack.remove(name);
        if (when !== 'read') await act();
        const answer = await next(args);
        if (when === 'read') await act();
        return answer;
      },
      { step: 'initialize', priority: 'high', name },
    );
  };

  return {
    ...tables,
    asked,
    running,
    dispatch,
    record,
    steps,
    meanwhile,
    pass: (seconds: number): void => void (time += seconds * 1000),
    now,
    /** Writes these lines of a case one after another. */
    write: async (id: string, ...entries: Entry[]): Promise<Case> => {
      let found: Case | undefined;
      for (const entry of entries) found = await ledger.tell(id, () => entry);
      if (!found) throw new Error('nothing was written');
      return found;
    },
    load: async (id: string): Promise<Case> => (await ledger.load(id)) ?? Promise.reject(new Error(`there is no case ${id}`)),
    kinds: async (id: string): Promise<string[]> => ((await ledger.load(id))?.lines ?? []).map(({ kind }) => kind),
  };
};

export type Desk = Awaited<ReturnType<typeof openDesk>>;

/** The credential of the cases here, and what leads a report to it. */
export const key = credential({ copies: [] });
export const matchOf = (proof: 'value' | 'name' | 'issuer' = 'value') => ({ credential: key, proof, fingerprint: 'v1:aa' });

/** A plan as `planOf` makes it in these circumstances. */
export const plannedIn = (more: Partial<Circumstances> = {}): Entry => ({ kind: 'planned', attempt: 1, plan: planOf(circumstances({ held: false, ...more })) });

/** The lines of a case whose first attempt has begun. */
export const begun = (proof: 'value' | 'name' = 'value', finding = 'f-1'): Entry[] => [
  { kind: 'opened', report: report({ finding }) },
  { kind: 'matched', credential: key.id, proof, owner: 'orders', copies: 1 },
  { kind: 'started', attempt: 1, why: 'reported' },
];
