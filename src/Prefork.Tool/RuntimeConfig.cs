using System.Text.Json;

namespace Prefork.Tool;

/// <summary>What matters of a program's runtimeconfig.json.</summary>
internal sealed record RuntimeConfig(bool HooksAreOff, Version? Framework)
{
    internal const string HookSwitch = "System.StartupHookProvider.IsSupported";

    /// <summary>Of which .NET the workers' half of this command is.</summary>
    private static readonly Version s_oldest = new(8, 0);

    internal static RuntimeConfig Read(string file) => Parse(File.ReadAllBytes(file), file);

    internal static RuntimeConfig Parse(ReadOnlyMemory<byte> json, string from)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            var options = document.RootElement.GetProperty("runtimeOptions");
            var off = options.TryGetProperty("configProperties", out var properties)
                && properties.TryGetProperty(HookSwitch, out var hooks)
                && hooks.ValueKind is JsonValueKind.False or JsonValueKind.String && !string.Equals(hooks.ToString(), "true", StringComparison.OrdinalIgnoreCase);
            return new RuntimeConfig(off, FrameworkOf(options));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new UnusableProgramException($"{from} is no runtimeconfig.json that .NET could read: {exception.Message}");
        }
    }

    /// <param name="program">Its path, for the message.</param>
    /// <param name="rollForward">DOTNET_ROLL_FORWARD in the worker's environment.</param>
    /// <exception cref="UnusableProgramException">With this the program cannot be made a worker from outside.</exception>
    internal void Check(string program, string? rollForward)
    {
        if (HooksAreOff)
        {
            throw new UnusableProgramException(
                $"{program} is published with startup hooks switched off ({HookSwitch}; PublishTrimmed does it), so it cannot be made a worker from outside. Publish it without trimming; or reference the package Prefork.AspNetCore and call builder.UseCluster().");
        }

        if (Framework is { } framework && framework < s_oldest && string.IsNullOrEmpty(rollForward))
        {
            throw new UnusableProgramException(
                $"{program} is built for .NET {framework.ToString(2)}, and this prefork makes workers of programs on .NET {s_oldest.Major} or later. Set DOTNET_ROLL_FORWARD=LatestMajor to run it on .NET {s_oldest.Major} or later, or build it for that.");
        }
    }

    private static Version? FrameworkOf(JsonElement options)
    {
        JsonElement[] frameworks = options.TryGetProperty("framework", out var one) ? [one]
            : options.TryGetProperty("frameworks", out var many) || options.TryGetProperty("includedFrameworks", out many) ? [.. many.EnumerateArray()]
            : [];
        return frameworks
            .Where(static framework => framework.GetProperty("name").GetString() is "Microsoft.NETCore.App" or "Microsoft.AspNetCore.App")
            .Select(static framework => Version.TryParse(framework.GetProperty("version").GetString()!.Split('-')[0], out var version) ? version : null)
            .FirstOrDefault(static version => version is not null);
    }
}
