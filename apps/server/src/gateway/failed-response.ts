/** The answer to a request that could not be carried out. */
import { create } from "@bufbuild/protobuf";
import { ERROR_CODES, type ErrorName, FailureSchema, type Response, ResponseSchema } from "@hawser/wire";

export function failed(id: number, error: ErrorName, retryAfterMs: number): Response {
  return create(ResponseSchema, {
    id,
    result: { case: "failure", value: create(FailureSchema, { error: ERROR_CODES[error].code, retryAfterMs }) },
  });
}
