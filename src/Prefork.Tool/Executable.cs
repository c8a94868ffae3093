using System.IO.MemoryMappedFiles;

namespace Prefork.Tool;

/// <summary>What an executable file is, by the marks that the tools leave in it.</summary>
internal sealed record Executable(bool IsElf, bool IsDotnetHost, bool IsNativeAot, bool HasPrefork, RuntimeConfig? BundledConfig)
{
    /// <summary>By this .NET's own tools find the place in an apphost, or a single file, that says where its bundle is: the SHA-256 of ".net core bundle".</summary>
    private static ReadOnlySpan<byte> BundleSignature =>
    [
        0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93, 0x02, 0x14, 0xd7, 0xa0, 0x32,
        0x13, 0xf5, 0xb9, 0xe6, 0xef, 0xae, 0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae,
    ];

    internal static unsafe Executable Read(string path)
    {
        if (new FileInfo(path).Length < 4)
        {
            return new Executable(false, false, false, false, null);
        }

        using var file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        using var view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        try
        {
            var length = (int)Math.Min(new FileInfo(path).Length, int.MaxValue);
            return Inspect(new ReadOnlySpan<byte>(start, length), path);
        }
        finally
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }

    private static Executable Inspect(ReadOnlySpan<byte> image, string path)
    {
        if (!image.StartsWith("\x7f"u8) || !image[1..].StartsWith("ELF"u8))
        {
            return new Executable(false, false, false, false, null);
        }

        if (image.IndexOf(BundleSignature) >= 0)
        {
            return new Executable(true, true, false, false, FindConfig(image, path));
        }

        // What debuggers look for in a program ahead of time; and a string literal of the library's, which are UTF-16.
        var aot = image.IndexOf("DotNetRuntimeDebugHeader"u8) >= 0;
        var prefork = aot && image.IndexOf(System.Runtime.InteropServices.MemoryMarshal.AsBytes(WorkerVariable)) >= 0;
        return new Executable(true, false, aot, prefork, null);
    }

    private static ReadOnlySpan<char> WorkerVariable => "NODE_CHANNEL_SERIALIZATION_MODE";

    /// <summary>The runtimeconfig.json of a single file: never compressed, for the host reads it before it unpacks anything.</summary>
    private static RuntimeConfig? FindConfig(ReadOnlySpan<byte> image, string path)
    {
        var options = image.IndexOf("\"runtimeOptions\""u8);
        var start = options < 0 ? -1 : image[..options].LastIndexOf((byte)'{');
        if (start < 0)
        {
            return null;
        }

        var reader = new System.Text.Json.Utf8JsonReader(image[start..Math.Min(image.Length, start + (1024 * 1024))], isFinalBlock: false, default);
        return reader.Read() && reader.TrySkip() ? RuntimeConfig.Parse(image.Slice(start, (int)reader.BytesConsumed).ToArray(), path) : null;
    }
}
