/** The rows of a query's answer, every cell as the API gave it. */
import { cellText, isNumber, type SqlAnswer } from '../model/sql.ts'

export function ResultTable({ answer: { columns, rows } }: { readonly answer: SqlAnswer }) {
  if (rows.length === 0) return <p class="hint">No rows.</p>
  return (
    <section
      class="scrolled sql-rows"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by key
      tabIndex={0}
      aria-label="Rows"
    >
      <table class="watch">
        <thead>
          <tr>
            {columns.map(({ name, type }, at) => (
              // Columns may have one name.
              <th key={at} scope="col" class={isNumber(type) ? 'number' : ''} title={type}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, line) => (
            <tr key={line}>
              {row.map((cell, at) => (
                <td key={at} class={isNumber(columns[at].type) ? 'number' : ''}>
                  {cell === null ? <span class="muted">null</span> : cellText(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
