/** JSON Schemas (2020-12, as in OpenAPI 3.1) of what the API answers, in few words. */

export type Schema = { readonly [keyword: string]: unknown };

type Members = Readonly<Record<string, Schema>>;

export const STRING: Schema = { type: 'string' };
export const BOOLEAN: Schema = { type: 'boolean' };
export const COUNT: Schema = { type: 'integer', minimum: 0 };
/** That a clock or a sum of bytes gives: JSON has it. */
export const FINITE: Schema = { type: 'number' };
export const SECONDS: Schema = { type: 'number', description: 'Seconds since 1970.' };

/** One of the components. */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** Of a metric: JSON does not have all of them. */
export const NUMBER = ref('Number');

export function text(description: string): Schema {
  return { ...STRING, description };
}

export function oneOf(values: readonly string[]): Schema {
  return { type: 'string', enum: values };
}

export function list(items: Schema): Schema {
  return { type: 'array', items };
}

/** A member of any name. */
export function byName(members: Schema): Schema {
  return { type: 'object', additionalProperties: members };
}

/** @param optional left out where they are not known */
export function object(required: Members, optional: Members = {}): Schema {
  return {
    type: 'object',
    required: Object.keys(required),
    properties: { ...required, ...optional },
  };
}

/** One object with the members of several. */
export function withMembers(...objects: readonly Schema[]): Schema {
  const members = objects.flatMap(({ properties }) => Object.entries(properties as Members));
  return {
    type: 'object',
    required: objects.flatMap(({ required }) => required as readonly string[]),
    properties: Object.fromEntries(members),
  };
}
