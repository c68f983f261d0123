/** Senders that sign nothing: they show a secret in a header, and all that they say is believed. */
import { header } from './body.ts';
import { anyEqual, NO_SECRET, refused } from './signatures.ts';
import type { Authenticity, WebhookRequest } from './trigger.ts';

/** The token of `Authorization: Bearer`, or '' where there is none. */
const bearerOf = (request: WebhookRequest): string => /^bearer +([!-~]+) *$/i.exec(header(request, 'authorization'))?.[1] ?? '';

/** Checks a secret shown in the header of this (lower-case) name or, where `bearer` says so, as a bearer token. Constant time. */
export const sharedSecret = (request: WebhookRequest, secrets: readonly string[], name: string, { bearer }: { bearer: boolean }): Authenticity => {
  const usable = secrets.filter((secret) => secret !== '');
  if (usable.length === 0) return refused(NO_SECRET);
  const given = [header(request, name), bearer ? bearerOf(request) : ''].filter((text) => text !== '');
  if (given.length === 0) return refused(`the ${name} header${bearer ? ' (or a bearer token in authorization)' : ''} is missing or empty`);
  return anyEqual(given, usable) ? { ok: true } : refused('it is not the secret of this source');
};
