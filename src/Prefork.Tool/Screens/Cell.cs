namespace Prefork.Tool.Screens;

/// <summary>A text of a <see cref="Grid"/>, which others may have written.</summary>
/// <param name="Text">Plain.</param>
/// <param name="Color">An SGR code, where colours are wanted.</param>
internal readonly record struct Cell(string Text, int? Color = null)
{
    internal const int Red = 31;
    internal const int Green = 32;
    internal const int Yellow = 33;
    internal const int Bold = 1;

    public static implicit operator Cell(string text) => new(text);
}
