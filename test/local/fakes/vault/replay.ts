import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

type Json = unknown;

/** One exchange with a real server, as it was recorded. `token` says who asked, not the token. */
export interface Step {
  step: string;
  request: { method: string; path: string; token: string | null; namespace?: string; body?: Json };
  response: { status: number; body: Json };
}

export const recorded = (name: string): Step[] => JSON.parse(readFileSync(new URL(`recorded/${name}.json`, import.meta.url), 'utf8')) as Step[];

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const ZERO_TIME = '0001-01-01T00:00:00Z';
const SECONDS = ['ttl', 'lease_duration', 'creation_ttl', 'secret_id_ttl'];
const INSTANTS = ['creation_time', 'server_time_utc'];
/** What a server makes up: the recorded one and ours differ, but have the same form. */
const MADE_UP = [
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  /^s\.[A-Za-z0-9]{24}$/,
  /^s\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{6}$/,
  /^b\.[\w-]{100,}$/,
  /^[A-Za-z0-9]{24}$/,
  /^[A-Za-z0-9]{24}\.[A-Za-z0-9]{6}$/,
  /^auth_userpass_[0-9a-f]{8}$/,
  /^entity_[0-9a-f]{8}\.root$/,
];
const NAMESPACE_ID = /^[A-Za-z0-9]{6}$/;

/** Compares answers of a real server with ours, and remembers which of our made-up names stands for which recorded one. */
export class Correspondence {
  private readonly ours = new Map<string, string>();

  /** Our name for a recorded one. */
  set(theirs: string, ours: string): void {
    this.ours.set(theirs, ours);
  }

  /** A recorded text or body with our names in it. */
  translated<Value>(value: Value): Value {
    if (typeof value === 'string') {
      let text: string = value;
      // the longest first: a namespace's id is the end of its accessors
      for (const [theirs, ours] of [...this.ours].sort(([a], [b]) => b.length - a.length)) text = text.replaceAll(theirs, ours);
      return text as Value;
    }
    if (Array.isArray(value)) return value.map((one: unknown) => this.translated(one)) as Value;
    if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.translated(one as Json)])) as Value;
    return value;
  }

  /** Fails where our answer is not the recorded one, times and made-up names apart. */
  compare(theirs: Json, ours: Json, at: string): void {
    if (Array.isArray(theirs)) return this.compareLists(theirs, ours, at);
    if (typeof theirs === 'object' && theirs !== null) {
      expect(typeof ours === 'object' && ours !== null ? Object.keys(ours).sort() : ours, at).toEqual(Object.keys(theirs).sort());
      for (const [key, value] of Object.entries(theirs)) this.compare(value, (ours as Record<string, Json>)[key], `${at}.${key}`);
      return;
    }
    const key = at.split('.').at(-1) ?? '';
    if (typeof theirs === 'number' && INSTANTS.includes(key)) return expect(Math.abs((ours as number) - Date.now() / 1000), at).toBeLessThan(30);
    if (typeof theirs === 'number' && SECONDS.includes(key)) return expect(Math.abs((ours as number) - theirs), at).toBeLessThanOrEqual(2);
    if (typeof theirs === 'string' && typeof ours === 'string') return this.compareTexts(theirs, ours, at);
    expect(ours, at).toBe(theirs);
  }

  private compareTexts(theirs: string, ours: string, at: string): void {
    if (TIME.test(theirs) && theirs !== ZERO_TIME) return expect(ours, at).toMatch(TIME);
    const form = [...MADE_UP, ...(at.endsWith('.id') ? [NAMESPACE_ID] : [])].find((one) => one.test(theirs));
    if (form === undefined || this.ours.has(theirs) || at.includes('errors')) return expect(ours, at).toBe(this.translated(theirs));
    if (ours === theirs) return;
    expect(ours, at).toMatch(form);
    this.set(theirs, ours);
  }

  private compareLists(theirs: unknown[], ours: Json, at: string): void {
    expect(Array.isArray(ours) ? ours.length : ours, at).toBe(theirs.length);
    if (!at.endsWith('.keys')) return theirs.forEach((one, index) => this.compare(one, (ours as Json[])[index], `${at}.${index}`));
    // a list of keys is in no order, and the operator's own accessor was never told
    const known = theirs.filter((one): one is string => typeof one === 'string' && this.ours.has(one)).map((one) => this.translated(one));
    expect(ours, at).toEqual(expect.arrayContaining(known));
    expect(known.length, at).toBeGreaterThan(0);
  }
}
