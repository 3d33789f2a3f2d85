import { ChoiceField } from "../../ui/fields/choice";
import { Tick } from "../../ui/fields/tick";
import { WholeNumber } from "../../ui/fields/number";
import { amountOf, type Chosen, firstAmount, type KindId, KINDS } from "./conditions";

const CHOICES = (Object.entries(KINDS) as [KindId, { name: string }][]).map(([id, { name }]) => ({ id, name }));

interface Props {
  readonly condition: Chosen;
  readonly onChange: (changed: Chosen) => void;
  readonly onRemove: () => void;
}

/** One condition: its kind, its number, and whether it is turned around. */
export function ConditionRow({ condition, onChange, onRemove }: Props) {
  const amount = amountOf(condition.kind);
  return (
    <li className="filters">
      <ChoiceField
        label="Condition"
        choices={CHOICES}
        value={condition.kind}
        onChange={(kind) => onChange({ ...condition, kind, amount: firstAmount(kind) })}
      />
      {amount && (
        <WholeNumber
          label={amount.label}
          value={condition.amount}
          max={amount.max}
          onChange={(changed) => onChange({ ...condition, amount: changed })}
        />
      )}
      <Tick label="not" isSelected={condition.not} onChange={(not) => onChange({ ...condition, not })} />
      <button
        type="button"
        className="button"
        aria-label={`Remove the condition ${KINDS[condition.kind].name}`}
        onClick={onRemove}
      >
        Remove
      </button>
    </li>
  );
}
