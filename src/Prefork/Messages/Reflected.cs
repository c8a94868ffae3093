using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Prefork.Messages;

/// <summary>Metadata by reflection, for those who do not trim.</summary>
internal static class Reflected
{
    internal const string Reason = "Uses reflection to (de)serialise. Where code is trimmed or compiled ahead of time, give a JsonTypeInfo.";

    [RequiresUnreferencedCode(Reason)]
    [RequiresDynamicCode(Reason)]
    internal static JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)Web().GetTypeInfo(typeof(T));

#if NET9_0_OR_GREATER
    [RequiresUnreferencedCode(Reason)]
    [RequiresDynamicCode(Reason)]
    private static JsonSerializerOptions Web() => JsonSerializerOptions.Web;
#else
    private static JsonSerializerOptions? s_web;

    [RequiresUnreferencedCode(Reason)]
    [RequiresDynamicCode(Reason)]
    private static JsonSerializerOptions Web() => s_web ??= new JsonSerializerOptions(JsonSerializerDefaults.Web) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };
#endif
}
