// A typed client of the student graph: documents of examples/queries, and the generated policies of its cache.
import { InMemoryCache } from "@apollo/client";
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { possibleTypes, typePolicies } from "./apollo-policies.js";
import { FindStudentsDocument, OneStudentDocument } from "./graph/graphql.js";
import { keys, resolvers } from "./graphcache-policies.js";

declare const process: { argv: string[]; stdout: { write(text: string): void } };
const [, , url = "", token = "", studentUniqueId = ""] = process.argv;

new InMemoryCache({ possibleTypes, typePolicies }); // Apollo's own types accept the policies

const client = new Client({
  url,
  preferGetMethod: false,
  exchanges: [cacheExchange({ keys, resolvers }), fetchExchange],
  fetchOptions: { headers: { authorization: `Bearer ${token}` } },
});

const one = await client.query(OneStudentDocument, { studentUniqueId });
const many = await client.query(FindStudentsDocument, { gradeLevels: ["NINTH", "TENTH"] });

const firstName: string | undefined = one.data?.student?.name.firstName;
const levels = many.data?.students?.edges.map((edge) => edge.node?.gradeLevel);

// Each of these lines would fail the check if documents had no types: a comment that expects no error is an error.
// @ts-expect-error the number of a student is text
void (() => client.query(OneStudentDocument, { studentUniqueId: 1 }));
// @ts-expect-error a variable without default must be given
void (() => client.query(OneStudentDocument, {}));
// @ts-expect-error this is no grade level
void (() => client.query(FindStudentsDocument, { gradeLevels: ["FIFTEENTH"] }));
// @ts-expect-error a student may be null
void (() => one.data!.student.name);
// @ts-expect-error the document does not select the birth date
void (() => one.data?.student?.birthDate);

process.stdout.write(JSON.stringify({ firstName, levels }));
