/** Style sheets, which the bundler takes from the script. */
declare module '*.css'
