/** Parts of the page that says when and how often something is sent. */

import { Checkbox, NumberInput } from '@mantine/core';
import type { ReactNode } from 'react';

/** A part that is there or not. */
export function Choice(props: { label: string; on: boolean; turn: (on: boolean) => void; children: ReactNode }) {
  return (
    <fieldset className="tester-flow" aria-label={props.label}>
      <Checkbox
        label={props.label}
        checked={props.on}
        onChange={(event) => props.turn(event.currentTarget.checked)}
        mb={props.on ? 'xs' : 0}
      />
      {props.on && props.children}
    </fieldset>
  );
}

/** A whole number between two others. */
export function Whole(props: {
  label: string;
  min: number;
  max: number;
  value: number;
  change: (value: number) => void;
}) {
  return (
    <NumberInput
      label={props.label}
      min={props.min}
      max={props.max}
      allowDecimal={false}
      clampBehavior="strict"
      value={props.value}
      onChange={(value) => props.change(typeof value === 'number' ? value : props.min)}
    />
  );
}
