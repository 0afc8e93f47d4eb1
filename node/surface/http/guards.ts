/**
 * Who may speak to the API at all. A page in the owner's browser is the attacker to think of: `Host` stops DNS
 * rebinding (a foreign name that resolves to this machine), `Origin` and `Sec-Fetch-Site` stop requests that a
 * foreign page makes, and the bearer token stops everything else, other users of the machine included.
 */

import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { problem } from './problem.ts'

/** Needs no token: a supervisor asks these. They tell nothing but that the node is there. */
const openPaths: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])

export function isLoopback(host: string): boolean {
  return loopbackNames.has(host) || (isIP(host) === 4 && host.startsWith('127.'))
}

/**
 * Lets through loopback names, the names that the owner listed, and, once the API is exposed, IP addresses: no
 * DNS name can be rebound to stand as an address in `Host`.
 */
export function hostGuard(names: readonly string[], exposed: boolean): MiddlewareHandler {
  const allowed = new Set(names.map(name => name.toLowerCase()))
  return async (context, next) => {
    const host = hostname(context.req.header('host'))
    const known = host !== undefined && (isLoopback(host) || allowed.has(host) || (exposed && isIP(host) > 0))
    if (known) return next()
    return problem({
      code: 'bad-host',
      message: `This API does not answer to the host name '${host ?? ''}'. Call it as 127.0.0.1, or list the name in the setting httpHosts.`,
    })
  }
}

/** Refuses requests that a page of another origin makes. Programs send neither header. */
export const originGuard: MiddlewareHandler = async (context, next) => {
  const origin = context.req.header('origin')
  const site = context.req.header('sec-fetch-site')
  const foreign =
    (origin !== undefined && originHost(origin) !== context.req.header('host')?.toLowerCase()) ||
    site === 'cross-site' ||
    site === 'same-site'
  if (!foreign) return next()
  return problem({ code: 'bad-origin', message: 'Pages of other origins may not call this API.' })
}

/** The bearer token, compared in constant time by its hash. */
export function tokenGuard(token: string): MiddlewareHandler {
  const expected = sha256(token)
  return async (context, next) => {
    if (openPaths.has(context.req.path)) return next()
    const given = /^Bearer +([^ ]+) *$/i.exec(context.req.header('authorization') ?? '')?.[1]
    if (given !== undefined && timingSafeEqual(sha256(given), expected)) return next()
    const failure =
      given === undefined
        ? {
            code: 'no-token',
            message:
              "Send the header 'Authorization: Bearer TOKEN'; the token stands in the file 'token' of the data folder.",
          }
        : { code: 'bad-token', message: "This is not the token in the file 'token' of the data folder." }
    return problem(failure, { 'www-authenticate': 'Bearer realm="swarmlore"' })
  }
}

/** The name in a `Host` header, in lower case and without port and brackets; undefined when it is not valid. */
function hostname(header: string | undefined): string | undefined {
  if (header === undefined || !/^[\w.:[\]-]+$/.test(header)) return undefined
  const url = URL.parse(`http://${header}`)
  return url === null || url.hostname === '' ? undefined : url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
}

function originHost(origin: string): string | undefined {
  return URL.parse(origin)?.host
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
