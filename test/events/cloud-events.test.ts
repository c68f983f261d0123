import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cloudEventsOf } from '../../events/cloud-events.ts';
import { requestOf } from './samples.ts';

const event = { specversion: '1.0', id: 'e-1', source: '/ci', type: 'dev.example.ended', subject: null, time: '2026-03-02T08:15:00Z', datacontenttype: 'application/json', data: { a: 1 } };
const read = { id: 'e-1', source: '/ci', type: 'dev.example.ended', subject: '', time: '2026-03-02T08:15:00Z', data: { ok: true, value: { a: 1 } } };
const ce = { 'ce-specversion': '1.0', 'ce-id': 'e-1', 'ce-source': '/ci', 'ce-type': 'dev.example.ended', 'ce-time': event.time, 'content-type': 'application/json; charset=utf-8' };

const structured = (value: unknown, type = 'application/cloudevents+json') => cloudEventsOf(requestOf(JSON.stringify(value), { 'content-type': type }));
const binary = (headers: Record<string, string>, body = '{"a":1}') => cloudEventsOf(requestOf(body, { ...ce, ...headers }));
const batch = (value: unknown) => structured(value, 'application/cloudevents-batch+json');

describe('a CloudEvent', () => {
  it('reads the same in all three content modes', () => {
    expect(binary({})).toEqual({ ok: true, value: [read] });
    expect(structured(event, 'Application/CloudEvents+JSON; charset=UTF-8')).toEqual({ ok: true, value: [read] });
    expect(batch([event, { ...event, id: 'e-2' }])).toEqual({ ok: true, value: [read, { ...read, id: 'e-2' }] });
    expect(batch([])).toEqual({ ok: true, value: [] });
  });

  it('is refused with all others in a batch of more than 500', () => {
    const many = Array.from({ length: 501 }, (_, at) => ({ ...event, id: `e-${at}` }));
    expect(batch(many)).toEqual({ ok: false, reason: 'the batch has more than 500 events: send it in parts' });
    expect(batch(many.slice(1))).toMatchObject({ ok: true, value: { length: 500 } });
  });

  it('has its headers decoded, quoted or not, and once only', () => {
    const subjects = ['Euro%20%E2%82%AC%20%F0%9F%98%80', '"Euro%20%E2%82%AC%20%F0%9F%98%80"', '"a \\"b\\""', '%2541', '100%', '%zz', '%E2%82'].map((text) => {
      const parsed = binary({ 'ce-subject': text });
      return parsed.ok ? parsed.value[0]?.subject : parsed.reason;
    });
    expect(subjects).toEqual(['Euro € 😀', 'Euro € 😀', 'a "b"', '%41', '100%', '%zz', '\ufffd']);
  });

  it('may have its data in base64, and never twice', () => {
    const base64 = Buffer.from('{"a":1}').toString('base64');
    expect(structured({ ...event, data: null, data_base64: base64 })).toEqual({ ok: true, value: [read] });
    expect(structured({ ...event, data_base64: base64 })).toMatchObject({ value: [{ data: { ok: false } }] });
    expect(structured({ ...event, data: undefined, data_base64: base64, datacontenttype: 'image/png' })).toMatchObject({ value: [{ data: { ok: false } }] });
    expect(structured({ ...event, data: undefined, data_base64: 7 })).toMatchObject({ value: [{ data: { ok: false } }] });
  });

  it('is refused where an attribute is missing, null, empty or no text, or the version is another', () => {
    for (const name of ['id', 'source', 'type', 'specversion']) {
      for (const wrong of [undefined, null, '', 7, {}]) {
        expect(structured({ ...event, [name]: wrong }).ok, name).toBe(false);
        expect(batch([event, { ...event, [name]: wrong }]), name).toMatchObject({ ok: false, reason: expect.stringContaining('event 2 of the batch') as unknown });
      }
      expect(binary({ [`ce-${name}`]: '' }).ok, name).toBe(false);
    }
    for (const version of ['0.3', '1.0.1', '2.0', '0.6.0-draft']) expect(structured({ ...event, specversion: version }).ok).toBe(false);
  });

  it('is not read from another format, from a list without its type, or from a request that is none', () => {
    expect(structured(event, 'application/cloudevents+avro').ok).toBe(false);
    expect(structured(event, 'application/cloudevents-batch+json').ok).toBe(false);
    expect(structured([event]).ok).toBe(false);
    expect(structured(event, 'application/json').ok).toBe(false);
    expect(cloudEventsOf(requestOf('{', { 'content-type': 'application/cloudevents+json' })).ok).toBe(false);
    expect(binary({}, '{')).toMatchObject({ ok: true, value: [{ data: { ok: false } }] });
    expect(binary({ 'content-type': 'text/plain' }, '{"a":1}')).toMatchObject({ ok: true, value: [{ data: { ok: false } }] });
  });

  it('never throws, whatever the headers and the body are', () => {
    fc.assert(fc.property(fc.constantFrom('application/cloudevents+json', 'application/cloudevents-batch+json', 'application/json', ''), fc.oneof(fc.json(), fc.string()), fc.string({ unit: 'binary' }), (type, body, text) => {
      expect(typeof cloudEventsOf(requestOf(body, { ...ce, 'content-type': type, 'ce-id': text, 'ce-subject': `%${text}%` })).ok).toBe('boolean');
    }));
  });
});
