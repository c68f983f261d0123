import type { EventRule } from '../../events/trigger.ts';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** One field of a pattern: a list of plain values, or the pattern of an object within. */
const fits = (pattern: unknown, value: unknown): boolean => {
  if (Array.isArray(pattern)) return pattern.some((wanted) => {
    if (isObject(wanted)) throw new Error(`the operator ${Object.keys(wanted).join()} is not known here`);
    return Array.isArray(value) ? value.includes(wanted) : value === wanted;
  });
  if (!isObject(pattern)) throw new Error('EventBridge takes lists and objects only');
  return fitsAll(pattern, value);
};

const fitsAll = (pattern: Record<string, unknown>, value: unknown): boolean =>
  Object.entries(pattern).every(([field, inner]) => {
    if (field === '$or') {
      if (!Array.isArray(inner) || inner.length < 2 || !inner.every(isObject)) throw new Error('$or takes two patterns or more');
      return inner.some((one) => fitsAll(one, value));
    }
    return isObject(value) && Object.hasOwn(value, field) && fits(inner, value[field]);
  });

/** Whether EventBridge would deliver the event under the rule: plain values, objects within and `$or`; throws at any other operator. */
export const matches = ({ source, detailType, detail }: EventRule, event: unknown): boolean =>
  fitsAll({ source, 'detail-type': detailType, ...(detail ? { detail } : {}) }, event);
