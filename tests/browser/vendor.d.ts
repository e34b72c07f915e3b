// What tsc has to know of the third-party code that the build copies to public/vendor/.

declare module '*/vendor/lean-qr.mjs' {
  export * from 'lean-qr/nano';
}
