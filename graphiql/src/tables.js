/**
 * The lists of a response: `{name, rows}`, where a row is `{path, value}`.
 *
 * Lists at the same place of several parents are one. The edges of a connection are the list of their nodes.
 */
export function listsOf(data) {
  const lists = new Map();
  collect(data, [], "", lists);
  return [...lists.values()];
}

function collect(value, path, name, lists) {
  if (Array.isArray(value)) {
    const rows = value.flatMap((item, index) => rowOf(item, [...path, index]));
    if (rows.length) {
      const list = lists.get(name) ?? { name, rows: [] };
      list.rows.push(...rows);
      lists.set(name, list);
    }
    rows.forEach((row) => collectMembers(row.value, row.path, `${name}[]`, lists));
  } else if (isObject(value)) {
    collectMembers(value, path, name, lists);
  }
}

function collectMembers(value, path, name, lists) {
  Object.entries(value).forEach(([key, member]) => collect(member, [...path, key], name ? `${name}.${key}` : key, lists));
}

/** The row of an item; an edge is the row of its node. Items that are no objects have none. */
function rowOf(item, path) {
  if (!isObject(item)) {
    return [];
  }
  return path.at(-2) === "edges" && isObject(item.node) ? [{ path: [...path, "node"], value: item.node }] : [{ path, value: item }];
}

/** The columns of rows: paths of members that are no objects, in the order of their first appearance. */
export function columnsOf(rows) {
  const columns = new Map();
  rows.forEach(({ value }) => addColumns(value, [], columns));
  // An object that is null in some rows has its members as columns from the others.
  return [...columns.values()].filter((column) => ![...columns.values()].some((other) => isBelow(other, column)));
}

function addColumns(value, path, columns) {
  for (const [key, member] of Object.entries(value)) {
    const column = [...path, key];
    if (isObject(member)) {
      addColumns(member, column, columns);
    } else {
      columns.set(column.join("."), column);
    }
  }
}

function isBelow(column, other) {
  return column.length > other.length && other.every((key, index) => column[index] === key);
}

/** The text of a cell: `{text}`, or `{missing}` with the reason why there is no value. */
export function cellOf({ path, value }, column, reasons) {
  let member = value;
  for (const [index, key] of column.entries()) {
    member = member?.[key];
    if (member === null || member === undefined) {
      return { missing: reasons.get([...path, ...column.slice(0, index + 1)].join(".")) ?? "null" };
    }
  }
  if (!Array.isArray(member)) {
    return { text: String(member) };
  }
  return { text: member.some(isObject) ? `${member.length} rows` : member.join(", ") };
}

/** The codes of a response's errors, by path. */
export function reasonsOf(errors) {
  return new Map(errors.filter(({ path }) => path).map(({ path, extensions }) => [path.join("."), extensions?.code ?? "ERROR"]));
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
