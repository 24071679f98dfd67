/** One choice of a few, as buttons side by side. */
export interface SegmentsProps<Choice> {
  /** What is chosen, for who does not see it. */
  readonly legend: string
  readonly choices: readonly Choice[]
  readonly titleOf: (choice: Choice, place: number) => string
  readonly isChosen: (choice: Choice) => boolean
  readonly choose: (choice: Choice) => void
}

export function Segments<Choice extends { readonly name: string }>(props: SegmentsProps<Choice>) {
  const { legend, choices, titleOf, isChosen, choose } = props
  return (
    <fieldset class="segments">
      <legend class="unseen">{legend}</legend>
      {choices.map((choice, place) => (
        <button
          key={choice.name}
          type="button"
          aria-pressed={isChosen(choice)}
          title={titleOf(choice, place)}
          onClick={() => choose(choice)}
        >
          {choice.name}
        </button>
      ))}
    </fieldset>
  )
}
