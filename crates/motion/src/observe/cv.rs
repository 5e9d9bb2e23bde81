//! The little that is needed of OpenCV, in this house's types.

use frame::Size;
use opencv::boxed_ref::BoxedRef;
use opencv::core::{self, Mat, Point, Scalar};
use opencv::imgproc;
use opencv::prelude::*;

pub(super) type Result<T> = std::result::Result<T, opencv::Error>;

/// Pixels as OpenCV counts them.
pub(super) fn signed(pixels: u32) -> i32 {
    i32::try_from(pixels).unwrap_or(i32::MAX)
}

/// A plane of ours, seen by OpenCV without a copy.
pub(super) fn view<T: opencv::core::DataType>(size: Size, plane: &[T]) -> Result<BoxedRef<'_, Mat>> {
    Mat::new_rows_cols_with_data(signed(size.height), signed(size.width), plane)
}

/// A plane of OpenCV's, seen by us without a copy.
pub(super) fn plane<T: opencv::core::DataType>(mat: &Mat) -> Result<&[T]> {
    mat.data_typed::<T>()
}

/// A square of ones.
pub(super) fn square(side: i32) -> Result<Mat> {
    imgproc::get_structuring_element_def(imgproc::MORPH_RECT, core::Size::new(side, side))
}

/// Grows what is set by the kernel.
pub(super) fn dilate(from: &impl core::ToInputArray, to: &mut Mat, kernel: &Mat) -> Result<()> {
    let border = imgproc::morphology_default_border_value()?;
    imgproc::dilate(from, to, kernel, Point::new(-1, -1), 1, core::BORDER_CONSTANT, border)
}

/// Fills gaps narrower than the kernel.
pub(super) fn close(from: &impl core::ToInputArray, to: &mut Mat, kernel: &Mat) -> Result<()> {
    let border = imgproc::morphology_default_border_value()?;
    let anchor = Point::new(-1, -1);
    imgproc::morphology_ex(from, to, imgproc::MORPH_CLOSE, kernel, anchor, 1, core::BORDER_CONSTANT, border)
}

/// The same picture at another size, every source pixel counted.
pub(super) fn shrink(from: &impl core::ToInputArray, to: &mut Mat, size: Size) -> Result<()> {
    let size = core::Size::new(signed(size.width), signed(size.height));
    imgproc::resize(from, to, size, 0.0, 0.0, imgproc::INTER_AREA)
}

/// The picture as it would be without having been displaced by `shift`.
pub(super) fn unshift(
    from: &impl core::ToInputArray,
    to: &mut Mat,
    size: Size,
    shift: (f32, f32),
) -> Result<()> {
    let warp = Mat::from_slice_2d(&[[1.0, 0.0, shift.0], [0.0, 1.0, shift.1]])?;
    let flags = imgproc::INTER_LINEAR | imgproc::WARP_INVERSE_MAP;
    let size = core::Size::new(signed(size.width), signed(size.height));
    imgproc::warp_affine(from, to, &warp, size, flags, core::BORDER_REPLICATE, Scalar::default())
}
