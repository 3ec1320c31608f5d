/** Operations of images: Keras's `ops.image`. Images are (height, width, channels), or a batch of them. */
export {type ImageOptions} from './batch.js';
export {hsvToRgb, rgbToGrayscale, rgbToHsv} from './color.js';
export {gaussianBlur, type GaussianBlurOptions, sobelEdges, ssim, type SsimOptions} from './filters.js';
export {
  cropImages,
  type CropImagesOptions,
  extractPatches,
  extractPatches3d,
  padImages,
  type PadImagesOptions,
  type PatchOptions,
} from './patches.js';
export {resize, type ResizeInterpolation, type ResizeOptions, scaleAndTranslate, type ScaleMethod} from './resize.js';
export {type CoordinateMode} from './sampling.js';
export {
  affineTransform,
  elasticTransform,
  type ElasticTransformOptions,
  mapCoordinates,
  type MapCoordinatesOptions,
  perspectiveTransform,
  type WarpInterpolation,
  type WarpMode,
  type WarpOptions,
} from './warp.js';
