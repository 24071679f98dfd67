/** The keys that do something where the page is now. */
import { Dialog } from './dialog.tsx'
import { shortcutGroups } from './shortcuts.ts'

export function Help({ close }: { readonly close: () => void }) {
  return (
    <Dialog title="Keys" close={close}>
      <p class="hint">
        Prices are those of trades, in the quote currency of their market; times are UTC. The API behind this page is
        described at <a href="/v1/docs">/v1/docs</a>.
      </p>
      <div class="keys">
        {shortcutGroups().map(({ title, shortcuts }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {shortcuts.map(({ label, does }) => (
                <div key={label}>
                  <dt>
                    {label.split(' ').map(key => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
