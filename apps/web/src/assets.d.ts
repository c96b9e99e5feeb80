declare module "*.css";
declare module "@hawser/ui/styles.css";
declare module "*?url" {
  const url: string;
  export default url;
}
