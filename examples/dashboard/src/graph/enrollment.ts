import { today } from "../format";

/** Whether an enrollment lasts today. A system may know its last day long before. */
export function isCurrent({ exitWithdrawDate }: { readonly exitWithdrawDate: string | null }): boolean {
  return !exitWithdrawDate || exitWithdrawDate > today();
}
