/** Every place in `value` that is no plain data, with what stands there: a function, a getter, an instance of a class, or what JSON has no word for. */
export function notPlainIn(value: unknown, place = 'report'): string[] {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return [];
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? []
        : [`${place}: ${Object.is(value, -0) ? '-0' : value}`];
    case 'object':
      break;
    default:
      return [`${place}: ${typeof value}`];
  }
  if (value === null) return [];
  const prototype: unknown = Object.getPrototypeOf(value);
  const isList = Array.isArray(value);
  if (prototype !== (isList ? Array.prototype : Object.prototype))
    return [`${place}: an instance of ${value.constructor?.name ?? 'no class'}`];
  return Reflect.ownKeys(value)
    .filter((key) => !(isList && key === 'length'))
    .flatMap((key) => {
      const at = `${place}.${String(key)}`;
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (typeof key === 'symbol' || property?.enumerable !== true) return [`${at}: hidden from JSON`];
      if (property.get !== undefined || property.set !== undefined) return [`${at}: a getter`];
      return notPlainIn(property.value, at);
    });
}
