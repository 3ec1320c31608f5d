import {createRequire} from 'node:module';

/** The family that pictures are drawn in: it has the widths of Helvetica and looks the same everywhere. */
export const FONT = 'Arimo';

/** Draws SVG text into a PNG. @param zoom pixels for each unit of the SVG */
export async function pngOfSvg(svg: string, zoom: number): Promise<Uint8Array> {
  const {Resvg} = await import('@resvg/resvg-js');
  const require = createRequire(import.meta.url);
  const font = (style: string): string => require.resolve(`@expo-google-fonts/arimo/${style}`);
  const image = new Resvg(svg, {
    background: 'white',
    fitTo: {mode: 'zoom', value: zoom},
    font: {
      loadSystemFonts: false,
      defaultFontFamily: FONT,
      fontFiles: [font('400Regular/Arimo_400Regular.ttf'), font('700Bold/Arimo_700Bold.ttf')],
    },
  });
  return image.render().asPng();
}
