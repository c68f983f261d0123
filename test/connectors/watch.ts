import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import type { Called } from '../../functions/aws/clients.ts';
import type { Issuer, Permission, Verb } from '../../functions/core/connector.ts';

/** All that came out of a connector and all that it called, over one suite. */
export class Watch {
  readonly outputs: string[] = [];
  readonly values = new Set<string>();
  /** What is still under way for a verb that was aborted is its own, whatever was begun since; what no verb asked for is the test's own. */
  private readonly running = new AsyncLocalStorage<Verb>();
  private readonly used = new Map<string, Set<Verb>>();

  /** To be called for each call that goes out. */
  readonly onCall = ({ service, operation }: Called): void => {
    const action = `${service.toLowerCase()}:${operation}`;
    const verb = this.running.getStore();
    if (verb) this.used.set(action, (this.used.get(action) ?? new Set()).add(verb));
  };

  /** What is called within is this verb's; what comes out is not kept. */
  during<T>(verb: Verb, work: () => Promise<T>): Promise<T> {
    return this.running.run(verb, work);
  }

  /** Runs a verb that answers piece by piece; each piece is that verb's own work. */
  async *pieces<T>(verb: Verb, made: AsyncIterable<T>): AsyncIterable<T> {
    const from = made[Symbol.asyncIterator]();
    for (let next = await this.during(verb, () => from.next()); !next.done; next = await this.during(verb, () => from.next())) yield next.value;
  }

  /** Runs one verb; keeps what it says or throws. */
  async run<T>(verb: Verb, work: () => Promise<T>): Promise<T> {
    try {
      const result = await this.during(verb, work);
      this.outputs.push(JSON.stringify(result) ?? '');
      return result;
    } catch (error) {
      this.outputs.push(error instanceof Error ? `${error.name} ${error.message} ${error.stack ?? ''} ${JSON.stringify(error)}` : String(error));
      throw error;
    }
  }

  /** The first value of which eight characters in a row came out; undefined where none did. */
  leaked(): string | undefined {
    const all = [...new Set(this.outputs)].join('\n');
    const pieces = new Set<string>();
    for (let at = 0; at + 8 <= all.length; at += 1) pieces.add(all.slice(at, at + 8));
    for (const value of this.values) {
      for (const text of [value, Buffer.from(value).toString('base64'), encodeURIComponent(value)]) {
        for (let at = 0; at + 8 <= text.length; at += 1) if (pieces.has(text.slice(at, at + 8))) return `a value from its character ${at} on`;
      }
    }
    return undefined;
  }

  undeclared(permissions: readonly Permission[]): string[] {
    return [...this.used].flatMap(([action, verbs]) => [...verbs].filter((verb) => !permissions.some((one) => one.verb === verb && one.actions.includes(action))).map((verb) => `${verb} ${action}`));
  }

  /** What KMS does for another service on our behalf makes no call of ours. */
  unused(permissions: readonly Permission[]): string[] {
    return permissions
      .filter(({ conditions }) => !JSON.stringify(conditions ?? {}).includes('kms:ViaService'))
      .flatMap(({ verb, actions }) => actions.filter((action) => !this.used.get(action)?.has(verb)).map((action) => `${verb} ${action}`));
  }
}

/** The last suite of a connector's test file: what came out and what was called in all tests before it. */
export const describeWatched = (title: string, watch: Watch, permissions: readonly Permission[]): void => {
  describe(`all that ${title} did in these tests`, () => {
    it('put no value into any output, error or note', () => {
      expect(watch.outputs.length).toBeGreaterThan(0);
      expect(watch.values.size).toBeGreaterThan(0);
      expect(watch.leaked()).toBeUndefined();
    });

    it('is covered by the permissions that each verb declares', () => {
      expect(watch.undeclared(permissions)).toEqual([]);
    });

    it('used every permission that is declared', () => {
      expect(watch.unused(permissions)).toEqual([]);
    });
  });
};

/** The issuer with everything that it says and calls kept by the watch. */
export const watchedIssuer = (issuer: Issuer, watch: Watch): Issuer => {
  const { contain, restore, revoke, rotate, list, watch: again } = issuer;
  return {
    ...issuer,
    list: list && ((context) => watch.pieces('list', list(context))),
    find: (credential, context) => watch.run('find', () => issuer.find(credential, context)),
    contain: contain && ((credential, context) => watch.run('contain', () => contain(credential, context))),
    restore: restore && ((credential, evidence, context) => watch.run('restore', () => restore(credential, evidence, context))),
    revoke: revoke && ((credential, context) => watch.run('revoke', () => revoke(credential, context))),
    rotate: rotate && ((credential, stores, context) => watch.run('rotate', () => rotate(credential, stores, context))),
    probe: (credential, value, context) => watch.run('probe', () => issuer.probe(credential, value, context)),
    watch: again && ((credential, since, context) => watch.run('watch', () => again(credential, since, context))),
  };
};
